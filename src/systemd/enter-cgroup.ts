import { setTimeout as passTime } from "node:timers/promises";
import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";

export interface CgroupMove {
  /** The pod's PID 1, as the host numbers it. */
  readonly leader: number;
  /** Whose processes move. */
  readonly unit: string;
  /** Where to. */
  readonly appUnit: string;
}

/** Longer than a process takes to end, which cannot be moved while it does. */
const MOST_MS = 2_000;

/**
 * Puts the processes of a unit of the pod into the control group of an app: its limits, its accounting and its end become
 * theirs. What is forked meanwhile is found in the next round; a child of a moved process is born in the right place.
 */
export async function moveIntoApp(host: Host, move: CgroupMove): Promise<void> {
  const deadline = host.clock.now() + MOST_MS;
  while (host.clock.now() < deadline) {
    if (moveOnce(host, move) === 0) return;
    await passTime(1);
  }
  throw new RktError("enter-cgroup", `Cannot enter ${quoteText(move.appUnit)}: its processes fork faster than they can be moved`);
}

/** Moves what is there now; returns how many processes that were. */
export function moveOnce(host: Host, move: CgroupMove): number {
  const processes = readProcesses(host, `${unitGroup(host, move, move.unit)}/cgroup.procs`);
  for (const process of processes) moveProcess(host, process, `${appGroup(host, move)}/cgroup.procs`);
  return processes.length;
}

/** Control group of a unit of the pod. */
export function unitGroup(host: Host, { leader }: Pick<CgroupMove, "leader">, unit: string): string {
  return `${podCgroup(host, leader)}/system.slice/${unit}`;
}

type AppMove = Pick<CgroupMove, "leader" | "appUnit">;

/** Nothing is started for an app that does not run: there would be no limits to join. */
export function requireRunning(host: Host, move: AppMove): void {
  appGroup(host, move);
}

/** With `_` in front where the name alone could be a file of the kernel's: that of an app named as a controller. */
function appGroup(host: Host, move: AppMove): string {
  const groups = ["", "_"].map((mark) => unitGroup(host, move, `${mark}${move.appUnit}`));
  const found = groups.find((group) => host.files.exists(`${group}/cgroup.procs`));
  if (found === undefined) throw new RktError("enter-not-running", `Cannot enter ${quoteText(move.appUnit)}: it does not run in the pod`);
  return found;
}

/** The pod's part of the host's tree, from its PID 1, which sits in `init.scope` of it. */
export function podCgroup(host: Host, leader: number): string {
  const path = /^0::(\/.*)\/init\.scope$/m.exec(readLeader(host, leader))?.[1];
  if (path === undefined || path.split("/").includes("..")) {
    throw new RktError("enter-cgroup", `Cannot find the control group of the pod whose PID 1 is process ${leader}`);
  }
  return `/sys/fs/cgroup${path}`;
}

function readLeader(host: Host, leader: number): string {
  try {
    return host.files.readText(`/proc/${leader}/cgroup`);
  } catch (error) {
    if (errno(error) !== "ENOENT" && errno(error) !== "ESRCH") throw error;
    throw new RktError("enter-pod-ended", "Cannot enter the pod: it has ended", { cause: error });
  }
}

/** Empty also when the group has gone, because its last process has. A process that has ended but is not buried stays where it is. */
function readProcesses(host: Host, file: string): string[] {
  try {
    const lines = host.files.readText(file).split("\n");
    return lines.filter((line) => line !== "" && isAlive(host, line));
  } catch (error) {
    if (errno(error) === "ENOENT" || errno(error) === "ENODEV") return [];
    throw error;
  }
}

function isAlive(host: Host, process: string): boolean {
  const state = /^State:\s*(\S)/m.exec(readStatus(host, process))?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

function readStatus(host: Host, process: string): string {
  try {
    return host.files.tryReadText(`/proc/${process}/status`) ?? "";
  } catch (error) {
    if (errno(error) === "ESRCH") return "";
    throw error;
  }
}

function moveProcess(host: Host, process: string, to: string): void {
  try {
    host.files.write(to, process);
  } catch (error) {
    if (errno(error) === "ESRCH") return;
    throw new RktError("enter-cgroup", `Cannot move a process into ${quoteText(to)}: ${messageOf(error)}`, { cause: error });
  }
}
