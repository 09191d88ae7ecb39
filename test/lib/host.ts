import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { makeCommands, type TestMachine } from "./machine.ts";
import { providePackage } from "./package.ts";
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

/** A host that shares the kernel of the machine outside. A program that was spawned is killed when the returned process is. */
export interface TestHost extends TestMachine {
  /** The host's /var/lib/rkt as the machine outside sees it: a real directory on a real disk. */
  readonly state: string;
  /** Path of the host's root from outside, valid until the next boot. Beware of absolute links in it. */
  root(): string;
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
  const commands = makeCommands(name, start);
  return {
    name,
    suite,
    state: join(CACHE, "run", name, "state"),
    root: () => `/proc/${supervisor.leader()}/root`,
    ...commands,
    spawn: start,
    async reboot() {
      await supervisor.bootAgain(() => void commands.run(["systemctl", "reboot"]));
    },
    async crash() {
      await supervisor.bootAgain(() => supervisor.command("crash"));
    },
    end: () => supervisor.end(),
    [Symbol.asyncDispose]: () => supervisor.end(),
  };
}
