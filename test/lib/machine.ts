import type { ChildProcess, SpawnOptions } from "node:child_process";
import { collect, type Result, type RunOptions } from "./run.ts";
import { checkOutput } from "./schema-hook.ts";
import type { Suite } from "./suites.ts";

/** A booted throw-away Debian with systemd as PID 1. Ends with `await using`, with `end()`, or with this process. */
export interface TestMachine extends AsyncDisposable, Commands {
  readonly name: string;
  readonly suite: Suite;
  /** A long-running program whose streams the caller handles. */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Orderly reboot; the disk stays. */
  reboot(): Promise<void>;
  /** Power loss, then a boot from the same disk. */
  crash(): Promise<void>;
  end(): Promise<void>;
}

export interface Commands {
  /** Runs a program as root, like a login from a terminal does: in a scope, outside every service. Never throws for an exit status. JSON of rkt is validated. */
  run(argv: readonly string[], options?: RunOptions): Promise<Result>;
  /** Runs a shell script that must succeed; returns its standard output. */
  sh(script: string, options?: RunOptions): Promise<string>;
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  read(path: string): Promise<string>;
}

/** What everybody does with a machine, by a way to start a program in it; each command has `timeout` milliseconds unless it says else. */
export function makeCommands(name: string, start: TestMachine["spawn"], timeout?: number): Commands {
  const run = async (argv: readonly string[], options: RunOptions = {}): Promise<Result> => {
    const { env = {}, cwd } = options;
    const child = start(argv, { stdio: "pipe", env, ...(cwd === undefined ? {} : { cwd }) });
    const result = await collect(child, argv, timeout === undefined ? options : { timeout, ...options });
    checkOutput(argv, result);
    return result;
  };
  return {
    run,
    async sh(script, options) {
      const result = await run(["sh", "-euc", script], options);
      if (result.status !== 0)
        throw new Error(`Script ended with ${result.status} on ${name}:\n${script}\n${result.stdout}${result.stderr}`);
      return result.stdout;
    },
    async write(path, content, mode = 0o644) {
      const script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"';
      const result = await run(["sh", "-c", script, "sh", path, mode.toString(8)], { input: content });
      if (result.status !== 0) throw new Error(`Cannot write ${path} on ${name}: ${result.stderr}`);
    },
    async read(path) {
      const result = await run(["cat", path]);
      if (result.status !== 0) throw new Error(`Cannot read ${path} on ${name}: ${result.stderr}`);
      return result.stdout;
    },
  };
}
