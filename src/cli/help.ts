import type { CommandDeclaration, ExitCodeDeclaration, OptionDeclaration } from "./declaration.ts";
import { commonExitCodes, formatOption } from "./declaration.ts";
import { globalOptions, helpOption } from "./global-options.ts";
import { nameOf } from "./resolve.ts";

const WIDTH = 96;

/** Help of rkt itself: the commands, then the global options. */
export function formatRootHelp(root: CommandDeclaration, version: string): string {
  return joinSections([
    section("NAME", [`rkt - ${root.summary}`]),
    section("USAGE", ["rkt [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]"]),
    section("VERSION", [version]),
    section("COMMANDS", formatColumns(listLeaves(root.commands ?? []).map(({ name, summary }) => [name, summary]))),
    section("GLOBAL OPTIONS", formatOptions([...globalOptions, helpOption])),
  ]);
}

/** Help of one command or group, given from the root down. */
export function formatCommandHelp(path: readonly CommandDeclaration[]): string {
  const command = path.at(-1);
  if (command === undefined) return "";
  const name = nameOf(path);
  const examples = command.examples.flatMap((example) => [example.command, ...wrap(example.text, WIDTH - 4).map((line) => `    ${line}`)]);
  const codes = exitCodesOf(command);
  const leaves = listLeaves(command.commands ?? []).map((leaf): [string, string] => [`${name} ${leaf.name}`, leaf.summary]);
  return joinSections([
    section("NAME", [`${name} - ${command.summary}`]),
    section("USAGE", usagesOf(path)),
    section(
      "DESCRIPTION",
      command.description.flatMap((text, index) => [...(index === 0 ? [] : [""]), ...wrap(text, WIDTH)]),
    ),
    section("COMMANDS", formatColumns(leaves)),
    section("OPTIONS", formatOptions(command.options ?? [])),
    section("GLOBAL OPTIONS", formatOptions([...globalOptions, helpOption])),
    section(
      "FILES",
      formatColumns(
        filesOf(command).map(({ path: file, text }) => [file, text]),
        48,
      ),
    ),
    section("EXIT STATUS", formatColumns(codes.map(({ code, meaning }) => [code, meaning]))),
    section("EXAMPLES", examples),
  ]);
}

/** Lines as in "rkt image rm IMAGE...". */
export function usagesOf(path: readonly CommandDeclaration[]): string[] {
  const command = path.at(-1);
  if (command === undefined) return [];
  const usages: string[] = [];
  if (command.run !== undefined) usages.push(["rkt", nameOf(path), ...optionsWord(command), ...argumentWords(command)].join(" "));
  if (command.commands !== undefined) usages.push(`rkt ${nameOf(path)} COMMAND`);
  return usages;
}

/** All exit statuses of a command; its own words for one win. */
export function exitCodesOf(command: CommandDeclaration): ExitCodeDeclaration[] {
  if (command.run === undefined) return [];
  const own = command.exitCodes ?? [];
  return [...commonExitCodes.filter(({ code }) => !own.some((other) => other.code === code)), ...own];
}

/** Where the package installs schemas. */
export const schemaDirectory = "/usr/share/rkt/schema";

/** Files that belong to the command's use. */
export function filesOf({ schema, options = [] }: CommandDeclaration): readonly { readonly path: string; readonly text: string }[] {
  if (schema === undefined) return [];
  const when = options.includes(formatOption) ? "the JSON that --format prints" : "what it prints";
  return [{ path: `${schemaDirectory}/${schema}.json`, text: `JSON schema (draft 2020-12) of ${when}` }];
}

/** Options that help shows. */
export function visibleOptions(options: readonly OptionDeclaration[]): readonly OptionDeclaration[] {
  return options.filter((option) => option.hidden !== true && option.refused === undefined);
}

/** "-n, --lines=N", "--full", "--wait[=DURATION]". */
export function spellOption(option: OptionDeclaration): string {
  const value = option.value ?? "VALUE";
  const tail = option.kind === "flag" ? "" : option.kind === "optional" ? `[=${value}]` : `=${value}`;
  return `${option.short === undefined ? "" : `-${option.short}, `}--${option.name}${tail}`;
}

/** The option's sentence with its values and what it is without being given. */
export function describeOption(option: OptionDeclaration): string {
  const choices = option.choices === undefined ? "" : `: ${option.choices.join(", ")}`;
  const fallback = option.fallback === undefined ? "" : ` (default ${option.fallback})`;
  return `${option.description}${choices}${fallback}`;
}

function optionsWord(command: CommandDeclaration): string[] {
  return visibleOptions(command.options ?? []).length === 0 ? [] : ["[OPTIONS]"];
}

function argumentWords(command: CommandDeclaration): string[] {
  return (command.arguments ?? []).map(({ name, optional, variadic }) => {
    const word = variadic === true ? `${name}...` : name;
    return optional === true ? `[${word}]` : word;
  });
}

function listLeaves(commands: readonly CommandDeclaration[], prefix = ""): { name: string; summary: string }[] {
  return commands
    .filter((command) => command.hidden !== true)
    .flatMap((command) => {
      const name = `${prefix}${command.name}`;
      const own = command.run === undefined && command.commands !== undefined ? [] : [{ name, summary: command.summary }];
      return [...own, ...listLeaves(command.commands ?? [], `${name} `)];
    });
}

function formatOptions(options: readonly OptionDeclaration[]): string[] {
  return formatColumns(visibleOptions(options).map((option) => [spellOption(option), describeOption(option)]));
}

function formatColumns(rows: readonly (readonly [string, string])[], widest = 32): string[] {
  const width = Math.min(Math.max(0, ...rows.map(([left]) => left.length)), widest) + 2;
  return rows.flatMap(([left, right]) => {
    const [first = "", ...more] = wrap(right, WIDTH - width);
    const head = left.length > width - 2 ? [left, " ".repeat(width) + first] : [left.padEnd(width) + first];
    return [...head, ...more.map((line) => " ".repeat(width) + line)];
  });
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `${title}:\n${lines.map((line) => (line === "" ? "" : `\t${line}`)).join("\n")}\n`;
}

function joinSections(sections: readonly string[]): string {
  return sections.filter((text) => text !== "").join("\n");
}
