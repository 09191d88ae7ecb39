import type { ArgumentDeclaration, CommandDeclaration, OptionDeclaration } from "../../src/cli/declaration.ts";
import { globalOptions, helpOption } from "../../src/cli/global-options.ts";
import { visibleOptions } from "../../src/cli/help.ts";

/** One command (or group, or rkt itself) as completion sees it. */
export interface Entry {
  /** "" for rkt, else "pod apply". */
  readonly name: string;
  readonly children: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletedOption[];
  /** What may stand in each place, the last for all that follow where it ends with "*". */
  readonly operands: readonly string[];
  /** Behind the first operand stand no options of rkt. */
  readonly stops: boolean;
}

export interface CompletedOption {
  /** Long, without dashes. */
  readonly name: string;
  readonly short: string | undefined;
  readonly description: string;
  /** May it have a value behind "="? */
  readonly hasValue: boolean;
  /** Is the next word its value where it has no "="? */
  readonly takesNext: boolean;
  /** What its value may be. */
  readonly value: string;
  readonly global: boolean;
}

/** rkt first, then every command that is not hidden. */
export function listEntries(root: CommandDeclaration): Entry[] {
  return [describe(root, ""), ...(root.commands ?? []).flatMap((command) => listBelow(command, ""))];
}

/** What the shells list themselves. */
export const places = {
  declarations: ["/etc/rkt/pods.d", "/run/rkt/pods.d", "/usr/lib/rkt/pods.d"],
  /** Where the next ones lie, unless `--dir` says where. */
  data: "/var/lib/rkt",
  /** A directory for each pod, called by its UUID; a named one has a file `name` in it. */
  named: "pods/named",
  prepared: "pods/prepared",
  /** The other phases of ad-hoc pods. */
  phases: ["pods/prepare", "pods/run", "pods/exited-garbage"],
  keys: ["/etc/rkt/trustedkeys", "/usr/lib/rkt/trustedkeys"],
} as const;

function listBelow(command: CommandDeclaration, above: string): Entry[] {
  if (command.hidden === true) return [];
  const name = above === "" ? command.name : `${above} ${command.name}`;
  return [describe(command, name), ...(command.commands ?? []).flatMap((child) => listBelow(child, name))];
}

function describe(command: CommandDeclaration, name: string): Entry {
  return {
    name,
    children: (command.commands ?? [])
      .filter((child) => child.hidden !== true)
      .map((child) => ({ name: child.name, summary: child.summary })),
    options: [
      ...visibleOptions(command.options ?? []).map((option) => describeOption(option, false)),
      ...visibleOptions([...globalOptions, helpOption]).map((option) => describeOption(option, true)),
    ],
    operands: (command.arguments ?? []).map((argument) => `${kindsOf(argument)}${argument.variadic === true ? "*" : ""}`),
    stops: command.stopAtArgument === true,
  };
}

function describeOption(option: OptionDeclaration, global: boolean): CompletedOption {
  return {
    name: option.name,
    short: option.short,
    description: option.description,
    hasValue: option.kind !== "flag",
    takesNext: option.kind !== "flag" && option.kind !== "optional",
    value: kindsOf({ ...(option.value === "FILE" ? { completes: ["files"] } : {}), ...option }),
    global,
  };
}

/** Words to choose from, "json|json-pretty", or kinds, "@images@files"; "@" where nothing is known. */
function kindsOf({ choices, completes = [] }: Pick<ArgumentDeclaration, "choices" | "completes">): string {
  return choices === undefined ? `@${completes.join("@")}` : choices.join("|");
}
