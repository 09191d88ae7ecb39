import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { summarize } from "./statistics.ts";

/**
 * `favordynmods` of this machine's cgroup2 mount. The kernel takes it only from outside a cgroup namespace, so it is set here and not
 * in the test host. Since Linux 6.18 what it switches on stays on until the machine is booted again, also when the mount is put back.
 */
export interface CgroupMove {
  readonly mode: string;
  readonly mounted: string;
  /** One process moved into a cgroup, milliseconds: what the mount option shortens. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Below this a move has not waited for the kernel's RCU. */
export const QUICK_MOVE_MS = 2;

interface Mount {
  readonly directory: string;
  readonly options: string;
}

function findMount(): Mount {
  const lines = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const [, directory = "", , options = ""] = lines.map((line) => line.split(" ")).find((words) => words[2] === "cgroup2") ?? [];
  if (directory === "") throw new Error("Cannot find this machine's cgroup2 file system");
  return { directory, options };
}

export function isFavoured(): boolean {
  return findMount().options.split(",").includes("favordynmods");
}

/** Runs `action` with the option set, and puts the mount back as it was, also when this process is told to end. */
export async function withFavordynmods(action: () => Promise<void>): Promise<void> {
  if (isFavoured()) return await action();
  const { directory, options } = findMount();
  const putBack = (): void => remount(directory, options);
  const stop = (signal: NodeJS.Signals): void => {
    putBack();
    process.removeListener(signal, stop);
    process.kill(process.pid, signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    remount(directory, `${options},favordynmods`);
    await action();
  } finally {
    putBack();
    for (const signal of signals) process.removeListener(signal, stop);
  }
}

/** Without the options that mount(8) would add from /proc/self/mountinfo: for cgroup2 leaving the option out is what takes it away. */
function remount(directory: string, options: string): void {
  execFileSync("mount", ["--options-mode=ignore", "-o", `remount,${options}`, directory], { stdio: ["ignore", "ignore", "pipe"] });
  const wanted = options.split(",").includes("favordynmods");
  if (isFavoured() !== wanted)
    throw new Error(`Cannot mount ${directory} ${wanted ? "with" : "without"} favordynmods: the kernel took "${options}" without effect`);
}

/** Moves a sleeping process between two cgroups of its own, with pauses: an idle machine's wait, as a start has it. */
export async function probeMoves(mode: string, rounds = 15): Promise<CgroupMove> {
  const { directory, options } = findMount();
  const cgroups = ["a", "b"].map((name) => join(directory, `rkt-bench-${process.pid}-${name}`));
  const sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  const ended = new Promise((resolve) => sleeper.on("close", resolve));
  for (const path of cgroups) mkdirSync(path);
  try {
    const samples: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const started = performance.now();
      writeFileSync(join(cgroups[round % 2] ?? "", "cgroup.procs"), String(sleeper.pid));
      if (round > 0) samples.push(performance.now() - started);
      await delay(100);
    }
    const summary = summarize(samples) ?? { median: Number.NaN, least: Number.NaN, most: Number.NaN };
    return { mode, mounted: options, ...summary };
  } finally {
    sleeper.kill("SIGKILL");
    await ended;
    await removeAll(cgroups);
  }
}

/** A cgroup whose last process has just ended may be busy for a moment. */
async function removeAll(cgroups: readonly string[]): Promise<void> {
  for (const path of cgroups) {
    for (let tries = 0; ; tries++) {
      try {
        rmdirSync(path);
        break;
      } catch (error) {
        if (tries === 100) throw error;
        await delay(20);
      }
    }
  }
}
