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
  for (const process of processes) moveProcess(host, process, `${unitGroup(host, move, move.appUnit)}/cgroup.procs`);
  return processes.length;
}

/** Control group of a unit of the pod. */
export function unitGroup(host: Host, { leader }: Pick<CgroupMove, "leader">, unit: string): string {
  return `${podCgroup(host, leader)}/system.slice/${unit}`;
}

/** Nothing is started for an app that does not run: there would be no limits to join. */
export function requireRunning(host: Host, move: Pick<CgroupMove, "leader" | "appUnit">): void {
  const { appUnit } = move;
  if (host.files.exists(`${unitGroup(host, move, appUnit)}/cgroup.procs`)) return;
  throw new RktError("enter-not-running", `Cannot enter ${quoteText(appUnit)}: it does not run in the pod`);
}

/** The pod's part of the host's tree, from its PID 1, which sits in `init.scope` of it. */
export function podCgroup(host: Host, leader: number): string {
  const text = host.files.readText(`/proc/${leader}/cgroup`);
  const path = /^0::(\/.*)\/init\.scope$/m.exec(text)?.[1];
  if (path === undefined || path.split("/").includes("..")) {
    throw new RktError("enter-cgroup", `Cannot find the control group of the pod whose PID 1 is process ${leader}`);
  }
  return `/sys/fs/cgroup${path}`;
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
