import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { providePackage } from "./package.ts";
import { collect, type Result, type RunOptions } from "./run.ts";
import type { Suite } from "./suites.ts";
import { type Supervisor, startSupervisor } from "./supervisor.ts";
import { CACHE, provideInstalled, provideTree } from "./tree.ts";

export interface BootOptions {
  readonly suite: Suite;
  /** Debian packages beyond those of every host; each list makes a tree of its own. */
  readonly packages?: readonly string[];
  /** rkt's package: built from this checkout (default), a .deb file, or none. */
  readonly rkt?: true | false | string;
  /** Where the host's journald writes. */
  readonly journal?: "persistent" | "volatile";
  /** Paths of the machine outside → places in the host where they are seen, read-only. */
  readonly binds?: Readonly<Record<string, string>>;
}

/** A booted throw-away Debian with systemd as PID 1. Ends with `await using`, with `end()`, or with this process. */
export interface TestHost extends AsyncDisposable {
  readonly name: string;
  readonly suite: Suite;
  /** The host's /var/lib/rkt as the machine outside sees it: a real directory on a real disk. */
  readonly state: string;
  /** Path of the host's root from outside, valid until the next boot. Beware of absolute links in it. */
  root(): string;
  /** Runs a program as root, like a login from a terminal does: in a scope, outside every service. Never throws for an exit status. */
  run(argv: readonly string[], options?: RunOptions): Promise<Result>;
  /** Runs a shell script that must succeed; returns its standard output. */
  sh(script: string, options?: RunOptions): Promise<string>;
  /** A long-running program whose streams the caller handles. It is killed when the returned process is. */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  read(path: string): Promise<string>;
  /** Orderly reboot; the disk stays. */
  reboot(): Promise<void>;
  /** Power loss, then a boot from the same disk. */
  crash(): Promise<void>;
  end(): Promise<void>;
}

export async function bootHost(options: BootOptions): Promise<TestHost> {
  const name = `${options.suite}-${randomBytes(4).toString("hex")}`;
  const lowers = await provideLowers(options);
  const binds = Object.entries(options.binds ?? {}).map(([from, to]) => `--bind-ro=${from}:${to}`);
  const supervisor = startSupervisor([CACHE, name, lowers.join(":"), options.journal ?? "persistent", ...binds]);
  await supervisor.booted();
  return makeHost(name, options.suite, supervisor);
}

async function provideLowers(options: BootOptions): Promise<readonly string[]> {
  const rkt = options.rkt ?? true;
  if (rkt === false) return [await provideTree(options.suite, options.packages)];
  const deb = rkt === true ? await providePackage() : rkt;
  return provideInstalled(options.suite, deb, options.packages);
}

function makeHost(name: string, suite: Suite, supervisor: Supervisor): TestHost {
  const start = (argv: readonly string[], options: SpawnOptions = {}): ChildProcess => {
    const [program, ...rest] = supervisor.enter(argv, options.env, options.cwd === undefined ? undefined : String(options.cwd));
    return spawn(program ?? "", rest, { ...options, cwd: "/", env: {} });
  };
  const run = (argv: readonly string[], options: RunOptions = {}): Promise<Result> =>
    collect(
      start(argv, { stdio: "pipe", env: options.env ?? {}, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) }),
      argv,
      options,
    );
  const sh = async (script: string, options: RunOptions = {}): Promise<string> => {
    const result = await run(["sh", "-euc", script], options);
    if (result.status !== 0) throw new Error(`Script ended with ${result.status} on ${name}:\n${script}\n${result.stdout}${result.stderr}`);
    return result.stdout;
  };
  return {
    name,
    suite,
    state: join(CACHE, "run", name, "state"),
    root: () => `/proc/${supervisor.leader()}/root`,
    run,
    sh,
    spawn: start,
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
    async reboot() {
      await supervisor.bootAgain(() => void run(["systemctl", "reboot"]));
    },
    async crash() {
      await supervisor.bootAgain(() => supervisor.command("crash"));
    },
    end: () => supervisor.end(),
    [Symbol.asyncDispose]: () => supervisor.end(),
  };
}
