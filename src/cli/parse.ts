import { Command, CommanderError, Option } from "commander";
import { RktError } from "../base/error.ts";
import { escapeText } from "../base/escape.ts";
import type { CommandDeclaration, OptionDeclaration } from "./declaration.ts";
import { globalOptions, helpOption } from "./global-options.ts";
import { spellOutFlags } from "./spell-out-flags.ts";

/** What was typed after a command's name: operands, and option name → values in order. */
export interface ParsedWords {
  readonly args: readonly string[];
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** Parses one command's words with commander, which only ever knows the command that was asked for. Throws `usage`. */
export function parseWords(name: string, declaration: CommandDeclaration, words: readonly string[]): ParsedWords {
  const options = [...(declaration.options ?? []), ...globalOptions, helpOption];
  const given = new Map<string, string[]>();
  const command = new Command(name)
    .exitOverride()
    .helpOption(false)
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .passThroughOptions(declaration.stopAtArgument === true);
  for (const option of options) addOption(command, option, given);
  for (const argument of declaration.arguments ?? []) {
    const text = argument.variadic === true ? `${argument.name}...` : argument.name;
    // Whether enough were given is asked after --help was: commander would complain first.
    command.argument(`[${text}]`);
  }
  try {
    command.parse(spellOutFlags(options, words, declaration.stopAtArgument === true), { from: "user" });
  } catch (error) {
    throw usageError(name, error);
  }
  if (!given.has("help")) checkCount(name, declaration, command.args);
  return { args: command.args, given };
}

function addOption(command: Command, declaration: OptionDeclaration, given: Map<string, string[]>): void {
  const add = (value: string): string => {
    given.set(declaration.name, [...(given.get(declaration.name) ?? []), value]);
    return value;
  };
  const takesFlag = declaration.kind === "flag" || declaration.kind === "optional";
  command.addOption(new Option(`--${declaration.name} <value>`).argParser(add));
  if (declaration.short === undefined) return;
  const short = takesFlag ? new Option(`-${declaration.short}`) : new Option(`-${declaration.short} <value>`);
  command.addOption(short.argParser(add));
  if (takesFlag) command.on(`option:${declaration.short}`, () => add("true"));
}

function checkCount(name: string, declaration: CommandDeclaration, args: readonly string[]): void {
  const missing = (declaration.arguments ?? [])[args.length];
  if (missing === undefined || missing.optional === true) return;
  throw new RktError("usage", `Cannot run without ${missing.name}`, { hint: `See "rkt help ${name}"` });
}

function usageError(name: string, error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const [first = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const reason = escapeText(first).replaceAll("'", '"').replace(/\.$/, "");
  const guess = /Did you mean (?:one of )?(.+)\?/.exec(suggestion ?? "")?.[1];
  const hint = guess === undefined ? `See "rkt help ${name}"` : `The nearest are ${guess}; see "rkt help ${name}"`;
  return new RktError("usage", `Cannot read the command line: ${reason}`, { hint });
}
