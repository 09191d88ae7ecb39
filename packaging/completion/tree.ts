import type { CommandDeclaration, OptionDeclaration } from "../../src/cli/declaration.ts";
import { globalOptions, helpOption } from "../../src/cli/global-options.ts";
import { visibleOptions } from "../../src/cli/help.ts";

/** One command (or group, or rkt itself) as completion sees it. */
export interface Entry {
  /** "" for rkt, else "pod apply". */
  readonly name: string;
  readonly children: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletedOption[];
  /** What its operands are: names of declared pods, names of running or applied pods, or files. */
  readonly operands: "none" | "pods" | "files";
}

export interface CompletedOption {
  /** With dashes. */
  readonly names: readonly string[];
  readonly description: string;
  /** Takes a value that may stand in the next word. */
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** rkt first, then every command that is not hidden. */
export function listEntries(root: CommandDeclaration): Entry[] {
  return [describe(root, "", globalOptions), ...(root.commands ?? []).flatMap((command) => listBelow(command, ""))];
}

/** All that a shell has to list to complete a pod's name: the declarations, by file name. */
export const podDirectories = ["/etc/rkt/pods.d", "/run/rkt/pods.d", "/usr/lib/rkt/pods.d"] as const;

function listBelow(command: CommandDeclaration, above: string): Entry[] {
  if (command.hidden === true) return [];
  const name = above === "" ? command.name : `${above} ${command.name}`;
  return [describe(command, name, command.options ?? []), ...(command.commands ?? []).flatMap((child) => listBelow(child, name))];
}

function describe(command: CommandDeclaration, name: string, options: readonly OptionDeclaration[]): Entry {
  const shown = visibleOptions([...options, ...(name === "" ? [] : globalOptions), helpOption]);
  return {
    name,
    children: (command.commands ?? [])
      .filter((child) => child.hidden !== true)
      .map((child) => ({ name: child.name, summary: child.summary })),
    options: shown.map(describeOption),
    operands: operandsOf(command),
  };
}

function operandsOf(command: CommandDeclaration): Entry["operands"] {
  const names = (command.arguments ?? []).map((argument) => argument.name);
  if (names.some((name) => name.includes("FILE") || name === "IMAGE" || name === "PUBKEY")) return "files";
  if (names.some((name) => name.includes("NAME"))) return "pods";
  return "none";
}

function describeOption(option: OptionDeclaration): CompletedOption {
  return {
    names: [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`],
    description: option.description,
    takesValue: option.kind !== "flag" && option.kind !== "optional",
    choices: option.choices ?? [],
  };
}
