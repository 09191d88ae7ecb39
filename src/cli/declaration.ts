import type { Context } from "./context.ts";
import type { OptionValues } from "./options.ts";

/**
 * One command as data: what is parsed, helped, completed and written into man pages comes from here alone.
 * Declarations are loaded at every start, so they import nothing that does work; `run` leads to what does.
 */
export interface CommandDeclaration {
  /** Last word: "apply" of `rkt pod apply`. */
  readonly name: string;
  /** One line without period. */
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly arguments?: readonly ArgumentDeclaration[];
  readonly options?: readonly OptionDeclaration[];
  readonly examples: readonly ExampleDeclaration[];
  /** Besides 0 and 254, which every command has. */
  readonly exitCodes?: readonly ExitCodeDeclaration[];
  /** Schema of the JSON that it prints: a file of packaging/schema without ".json". */
  readonly schema?: string;
  /** Refused unless uid 0 calls it. */
  readonly root: boolean;
  /** Not in help, completion or man pages. */
  readonly hidden?: boolean;
  /** The first argument ends the options: what follows belongs to another program. */
  readonly stopAtArgument?: boolean;
  /** The original's line of images, each with options of its own: the command reads its words itself, global options apart. */
  readonly ownParser?: boolean;
  /** It changes nothing and is done, with status 0, when nobody reads what it prints any more. Any other command goes on to its end. */
  readonly onlyPrints?: boolean;
  /** What it makes is stored, so protection that is switched off on one command line must not go into it. */
  readonly refusesInsecure?: boolean;
  /** Absent in a group that only holds commands. */
  readonly run?: () => Promise<CommandModule>;
  /** `rkt NAME COMMAND`; where `run` is there too, their whole names win over an argument. */
  readonly commands?: readonly CommandDeclaration[];
}

/** What a file of `src/cli/run` exports. */
export interface CommandModule {
  /** Returns the exit status; throws an RktError, which the door reports. */
  readonly run: (context: Context, args: readonly string[], options: OptionValues) => Promise<number>;
}

/**
 * What a shell offers for a word. pods: names and UUIDs of pods; named: names of applied ones; prepared: UUIDs of those that wait for
 * `run-prepared`; declarations: names of `.pod` files; images: of the store; apps: of the pod on the line; keys: fingerprints of trusted
 * ones; commands: rkt's.
 */
export type Completion = "pods" | "named" | "prepared" | "declarations" | "images" | "apps" | "keys" | "commands" | "files" | "directories";

export interface ArgumentDeclaration {
  /** As in help: "IMAGE". */
  readonly name: string;
  readonly completes?: readonly Completion[];
  /** Completed; the command itself refuses others. */
  readonly choices?: readonly string[];
  readonly optional?: boolean;
  readonly variadic?: boolean;
}

export interface OptionDeclaration {
  /** Long name without dashes; a name may begin with "no-". */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /**
   * flag: `--x` or `--x=true|false`; text: `--x V` or `--x=V`, the last wins; list: the same, commas split it and
   * repeating adds; values: repeating adds, commas stay; optional: `--x` (reads as "true") or `--x=V`.
   */
  readonly kind: "flag" | "text" | "list" | "values" | "optional";
  /** Placeholder of the value in help. FILE is completed as one. */
  readonly value?: string;
  readonly completes?: readonly Completion[];
  readonly choices?: readonly string[];
  /** Value where the option is not given; shown in help. */
  readonly fallback?: string;
  /** One sentence without period. */
  readonly description: string;
  readonly hidden?: boolean;
  /** The original has it and this release does not: why it is refused. Not shown in help. */
  readonly refused?: string;
}

export interface ExampleDeclaration {
  readonly command: string;
  readonly text: string;
}

export interface ExitCodeDeclaration {
  readonly code: string;
  readonly meaning: string;
}

/** What every command exits with, for help pages. */
export const commonExitCodes: readonly ExitCodeDeclaration[] = [
  { code: "0", meaning: "success" },
  { code: "254", meaning: "rkt refused or failed; the reason is on standard error" },
];

/** `--format`, the same for all commands that print a table. */
export const formatOption: OptionDeclaration = {
  name: "format",
  kind: "text",
  value: "FORMAT",
  choices: ["json", "json-pretty"],
  description: "Print JSON instead of a table",
};

export const noLegendOption: OptionDeclaration = {
  name: "no-legend",
  kind: "flag",
  description: "Leave out the line with the columns' names",
};

export const uuidFileOption: OptionDeclaration = {
  name: "uuid-file",
  kind: "text",
  value: "FILE",
  description: "Read the UUID of the pod from FILE instead of an argument",
};

export const prettyPrintOption: OptionDeclaration = {
  name: "pretty-print",
  kind: "flag",
  fallback: "true",
  description: "Indent the JSON",
};
