import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { findAbsent } from "./absent.ts";
import type { CommandDeclaration } from "./declaration.ts";
import { globalOptions, helpOption } from "./global-options.ts";

/** The command that a command line asks for. */
export interface Resolved {
  /** From the root down; empty where no command was named. */
  readonly path: readonly CommandDeclaration[];
  /** What is left to be parsed: global options that stood before the command, and all that follows it. */
  readonly rest: readonly string[];
}

/**
 * Finds the command by whole names or unambiguous prefixes; global options may stand before and between the words.
 * Throws `command-unknown` (exit status 2).
 */
export function resolveCommand(root: CommandDeclaration, argv: readonly string[]): Resolved {
  const before: string[] = [];
  let path: CommandDeclaration[] = [];
  let current = root;
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] ?? "";
    const options = current.run === undefined ? optionLength(word) : 0;
    if (options > 0) {
      before.push(...argv.slice(index, index + options));
      index += options;
      continue;
    }
    const next = word.startsWith("-") ? undefined : findCommand(current, word, path);
    if (next === undefined) break;
    path = [...path, next];
    current = next;
    index += 1;
  }
  return { path, rest: [...before, ...argv.slice(index)] };
}

/** The whole name as typed: "pod apply". */
export function nameOf(path: readonly CommandDeclaration[]): string {
  return path.map((command) => command.name).join(" ");
}

function findCommand(parent: CommandDeclaration, word: string, path: readonly CommandDeclaration[]): CommandDeclaration | undefined {
  const commands = parent.commands ?? [];
  const exact = commands.find((command) => command.name === word);
  if (exact !== undefined || parent.run !== undefined || commands.length === 0) return exact;
  const absent = findAbsent([...path.map((command) => command.name), word]);
  const matches = commands.filter((command) => command.hidden !== true && word !== "" && command.name.startsWith(word));
  const [match] = matches;
  if (absent === undefined && match !== undefined && matches.length === 1) return match;
  throw unknownCommand([...path.map((command) => command.name), word].join(" "), matches, absent);
}

function unknownCommand(name: string, matches: readonly CommandDeclaration[], absent: string | undefined): RktError {
  if (absent !== undefined) {
    return new RktError("command-absent", `Cannot run ${quoteText(name)}: this release of rkt does not have it`, {
      exitCode: 2,
      ...(absent === "" ? {} : { hint: absent }),
    });
  }
  if (matches.length > 1) {
    const names = matches.map((command) => quoteText(command.name)).join(", ");
    return new RktError("command-unknown", `Cannot run ${quoteText(name)}: it may mean ${names}`, { exitCode: 2 });
  }
  return new RktError("command-unknown", `Cannot run ${quoteText(name)}: there is no such command`, {
    exitCode: 2,
    hint: `"rkt help" lists the commands`,
  });
}

/** Words that a global option takes: 0 where the word is none. */
function optionLength(word: string): 0 | 1 | 2 {
  if (!word.startsWith("-")) return 0;
  if (word === "-h") return 1;
  const [name = ""] = word.replace(/^--/, "").split("=", 1);
  const option = [...globalOptions, helpOption].find((candidate) => candidate.name === name);
  if (option === undefined) return 0;
  return option.kind === "flag" || word.includes("=") ? 1 : 2;
}
