import type { CommandDeclaration } from "../../src/cli/declaration.ts";
import { commonExitCodes } from "../../src/cli/declaration.ts";
import { globalOptions, helpOption } from "../../src/cli/global-options.ts";
import { describeOption, exitCodesOf, filesOf, spellOption, usagesOf, visibleOptions } from "../../src/cli/help.ts";
import { escapeRoff, header, item, literal, paragraph, references, section } from "./roff.ts";

export interface Page {
  /** "rkt-pod-apply.1" */
  readonly file: string;
  readonly text: string;
}

/** rkt.1 and one page for every command that is not hidden, groups included. */
export function formatPages(root: CommandDeclaration, version: string): Page[] {
  const paths = listPaths(root.commands ?? []);
  const pages = paths.map((path) => ({ file: `${pageName(path)}.1`, text: formatCommand(path, version) }));
  return [{ file: "rkt.1", text: formatRoot(root, paths, version) }, ...pages];
}

/** Pages on the files that commands read, by their first word. */
const FILE_PAGES: Readonly<Record<string, readonly string[]>> = {
  pod: ["rkt.pod(5)"],
  run: ["rkt.pod(5)", "rkt-config(5)"],
  "run-prepared": ["rkt.pod(5)"],
  prepare: ["rkt.pod(5)", "rkt-config(5)"],
  attach: ["rkt.pod(5)"],
  export: ["rkt.pod(5)"],
  status: ["rkt.pod(5)"],
  top: ["rkt.pod(5)"],
  fetch: ["rkt-config(5)"],
  config: ["rkt-config(5)"],
};

type Path = readonly CommandDeclaration[];

function listPaths(commands: readonly CommandDeclaration[], above: Path = []): Path[] {
  return commands
    .filter((command) => command.hidden !== true)
    .flatMap((command) => [[...above, command], ...listPaths(command.commands ?? [], [...above, command])]);
}

function pageName(path: Path): string {
  return ["rkt", ...path.map((command) => command.name)].join("-");
}

function formatRoot(root: CommandDeclaration, paths: readonly Path[], version: string): string {
  const leaves = paths.filter((path) => path.at(-1)?.run !== undefined);
  const commands = leaves.map((path) => item(`${pageName(path)}(1)`, path.at(-1)?.summary ?? ""));
  return [
    header("rkt", version),
    section("NAME", `rkt \\- ${escapeRoff(root.summary)}\n`),
    section("SYNOPSIS", literal(["rkt [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]"])),
    section(
      "DESCRIPTION",
      `${root.description.map(paragraph).join("")}${paragraph("Commands may be shortened as long as they are unambiguous.")}`,
    ),
    section("COMMANDS", commands.join("")),
    section("GLOBAL OPTIONS", formatOptions([...globalOptions, helpOption])),
    section("EXIT STATUS", formatCodes([...commonExitCodes, { code: "2", meaning: "no command, or no such command" }])),
    section("EXAMPLES", formatExamples(root)),
    section("SEE ALSO", references(["rkt.pod(5)", "rkt-config(5)", "systemctl(1)", "journalctl(1)", "machinectl(1)"])),
  ].join("");
}

function formatCommand(path: Path, version: string): string {
  const command = path.at(-1);
  if (command === undefined) return "";
  const below = (command.commands ?? []).filter((child) => child.hidden !== true);
  return [
    header(pageName(path), version),
    section("NAME", `${escapeRoff(pageName(path))} \\- ${escapeRoff(command.summary)}\n`),
    section("SYNOPSIS", literal(usagesOf(path))),
    section("DESCRIPTION", command.description.map(paragraph).join("")),
    section("COMMANDS", below.map((child) => item(`${pageName([...path, child])}(1)`, child.summary)).join("")),
    section("OPTIONS", formatOptions(command.options ?? [])),
    section("GLOBAL OPTIONS", command.run === undefined ? "" : `.PP\nSee \\fBrkt\\fR(1).\n`),
    section(
      "FILES",
      filesOf(command)
        .map(({ path: file, text }) => item(file, text))
        .join(""),
    ),
    section("EXIT STATUS", formatCodes(exitCodesOf(command))),
    section("EXAMPLES", formatExamples(command)),
    section("SEE ALSO", references(relatedTo(path, below))),
  ].join("");
}

function relatedTo(path: Path, below: readonly CommandDeclaration[]): string[] {
  const above = path.slice(0, -1).map((_, index) => `${pageName(path.slice(0, index + 1))}(1)`);
  const files = FILE_PAGES[path[0]?.name ?? ""] ?? [];
  return ["rkt(1)", ...above, ...below.map((child) => `${pageName([...path, child])}(1)`), ...files];
}

function formatOptions(options: Parameters<typeof visibleOptions>[0]): string {
  return visibleOptions(options)
    .map((option) => item(spellOption(option), describeOption(option)))
    .join("");
}

function formatCodes(codes: readonly { readonly code: string; readonly meaning: string }[]): string {
  return codes.map(({ code, meaning }) => item(code, meaning)).join("");
}

function formatExamples(command: CommandDeclaration): string {
  return command.examples.map((example) => `${paragraph(`${example.text}:`)}.RS 4\n${literal([example.command])}.RE\n`).join("");
}
