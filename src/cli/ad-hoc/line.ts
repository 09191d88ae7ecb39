import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { nearest } from "../../spec/nearest.ts";
import type { OptionDeclaration } from "../declaration.ts";
import type { ImageOption } from "./options.ts";

/** Option name → values as typed, in order. */
export type Given = ReadonlyMap<string, readonly string[]>;

/** The words of `run` and `prepare` in their places. */
export interface RunLine {
  /** Options before the first image. */
  readonly pod: Given;
  readonly apps: readonly { readonly image: string; readonly given: Given; readonly args?: readonly string[] }[];
}

interface OpenApp {
  readonly image: string;
  readonly given: Map<string, string[]>;
  args?: readonly string[];
}

/**
 * The original's command line: options of the pod, then images, each followed by options of its own and, behind `--`, by arguments that
 * `---` ends. Throws `usage`.
 */
export function splitRunLine(options: readonly ImageOption[], words: readonly string[]): RunLine {
  const pod = new Map<string, string[]>();
  const apps: OpenApp[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const app = apps.at(-1);
    if (word === "" || word === "---") continue;
    if (word === "--") {
      const end = words.indexOf("---", index);
      giveArguments(app, words.slice(index + 1, end === -1 ? words.length : end));
      index = end === -1 ? words.length : end;
    } else if (word.startsWith("-") && word !== "-") {
      const option = findOption(options, word);
      const value = valueOf(option, word, words[index + 1]);
      if (value === words[index + 1] && takesNextWord(option, word)) index += 1;
      give(app, pod, option, value);
    } else apps.push({ image: word, given: new Map() });
  }
  return { pod, apps };
}

function giveArguments(app: OpenApp | undefined, args: readonly string[]): void {
  if (app === undefined) throw usage(`an image is required before any app arguments`);
  if (app.args !== undefined) throw usage(`only one set of app arguments allowed per image, and ${quoteText(app.image)} has one`);
  app.args = args;
}

function findOption(options: readonly ImageOption[], word: string): ImageOption {
  const [typed = ""] = word.split("=", 1);
  const option = options.find(
    (candidate) => typed === `--${candidate.name}` || (candidate.short !== undefined && typed === `-${candidate.short}`),
  );
  if (option === undefined) {
    const near = nearest(
      typed.replace(/^-+/, ""),
      options.map((candidate) => candidate.name),
    );
    throw usage(`unknown option ${quoteText(typed)}`, near === undefined ? undefined : `Did you mean "--${near}"?`);
  }
  if (option.refused !== undefined) throw new RktError("option-refused", `Cannot use --${option.name}: ${option.refused}`);
  return option;
}

function takesNextWord(option: OptionDeclaration, word: string): boolean {
  return option.kind !== "flag" && option.kind !== "optional" && !word.includes("=");
}

function valueOf(option: OptionDeclaration, word: string, next: string | undefined): string {
  const equals = word.indexOf("=");
  const value = equals >= 0 ? word.slice(equals + 1) : takesNextWord(option, word) ? next : "true";
  if (value === undefined) throw usage(`--${option.name} needs a value`);
  if (option.kind === "flag" && !/^(true|false|1|0|t|f)$/i.test(value))
    throw usage(`the value of ${quoteText(word)} is neither true nor false`);
  if (option.choices !== undefined && !option.choices.includes(value))
    throw usage(`--${option.name}=${quoteText(value)} is none of its values`, `It takes ${option.choices.join(", ")}`);
  return option.kind === "flag" ? String(/^(true|1|t)$/i.test(value)) : value;
}

function give(app: OpenApp | undefined, pod: Map<string, string[]>, option: ImageOption, value: string): void {
  if (app === undefined && option.scope === "image") throw usage(`--${option.name} must follow an image`);
  if (app !== undefined && option.scope === "pod")
    throw usage(`--${option.name} stands behind image ${quoteText(app.image)}`, "It concerns the whole pod: put it before the first image");
  const given = app?.given ?? pod;
  const before = given.get(option.name) ?? [];
  const single = option.kind !== "list" && option.kind !== "values";
  if (app !== undefined && single && before.length > 0) throw usage(`--${option.name} stands twice for image ${quoteText(app.image)}`);
  given.set(option.name, [...before, value]);
}

function usage(reason: string, hint?: string): RktError {
  return new RktError("usage", `Cannot read the command line: ${reason}`, hint === undefined ? {} : { hint });
}
