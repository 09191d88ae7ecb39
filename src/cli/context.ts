import type { Paths } from "../config/paths.ts";
import type { Host } from "../host/host.ts";
import type { Engine } from "../pod/engine.ts";
import type { InsecureOption } from "./insecure.ts";

/** Where text goes: one of the process's outputs, or a test's array. */
export interface Output {
  /** Throws EPIPE where nobody reads any more. */
  write(text: string): void;
  /** Lines of its window, where it is a terminal that has told. */
  readonly rows?: number | undefined;
  /** The same of its columns. */
  readonly columns?: number | undefined;
}

/** What a command is handed: everything outside its own arguments. */
export interface Context {
  readonly host: Host;
  /** Defaults, or what the global options say. */
  readonly paths: Paths;
  /** Of rkt: "2.0.0". */
  readonly version: string;
  /** Opened when it is asked for. */
  readonly stdin: NodeJS.ReadableStream;
  /** What the user asked for, and nothing else. Neither output fails where nobody reads: see `heedReader`. */
  readonly stdout: Output;
  /** Progress and warnings. Errors are thrown, the door reports them. */
  readonly stderr: Output;
  /** Whether these are terminals. */
  readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Checks that `--insecure-options` switches off, groups resolved. */
  readonly insecure: ReadonlySet<InsecureOption>;
  readonly debug: boolean;
  /** Loaded when asked for. */
  engines(): Promise<readonly Engine[]>;
  /** What the process becomes once the command has returned 0: the program's status is then rkt's. */
  exec(argv: readonly string[]): void;
}
