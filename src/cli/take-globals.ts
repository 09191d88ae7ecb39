import { RktError } from "../base/error.ts";
import type { OptionDeclaration } from "./declaration.ts";
import { globalOptions, helpOption } from "./global-options.ts";
import type { ParsedWords } from "./parse.ts";

const globals: readonly OptionDeclaration[] = [...globalOptions, helpOption];

/**
 * Takes rkt's global options out of a line of images, wherever they stand but among an app's arguments (`--` to `---`). The values of the
 * command's own options are not looked into.
 */
export function takeGlobals(own: readonly OptionDeclaration[], words: readonly string[]): ParsedWords {
  const args: string[] = [];
  const given = new Map<string, string[]>();
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") {
      const end = words.indexOf("---", index);
      const stop = end === -1 ? words.length : end;
      args.push(...words.slice(index, stop));
      index = stop - 1;
      continue;
    }
    const global = find(globals, word);
    const option = global ?? find(own, word);
    const separate = option !== undefined && takesNextWord(option, word);
    const next = words[index + 1];
    if (global === undefined) args.push(word, ...(separate && next !== undefined ? [next] : []));
    else given.set(global.name, [...(given.get(global.name) ?? []), valueOf(global, word, next)]);
    if (separate) index += 1;
  }
  return { args, given };
}

function find(options: readonly OptionDeclaration[], word: string): OptionDeclaration | undefined {
  const [typed = ""] = word.split("=", 1);
  return options.find((option) => typed === `--${option.name}` || (option.short !== undefined && typed === `-${option.short}`));
}

function takesNextWord(option: OptionDeclaration, word: string): boolean {
  return option.kind !== "flag" && option.kind !== "optional" && !word.includes("=");
}

function valueOf(option: OptionDeclaration, word: string, next: string | undefined): string {
  const equals = word.indexOf("=");
  if (equals >= 0) return option.kind === "flag" ? String(/^(true|1|t)$/i.test(word.slice(equals + 1))) : word.slice(equals + 1);
  if (!takesNextWord(option, word)) return "true";
  if (next === undefined) throw new RktError("usage", `Cannot read the command line: --${option.name} needs a value`);
  return next;
}
