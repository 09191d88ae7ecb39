import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";

/** USER_HZ, which the kernel tells all programs (proc(5)). */
const ticksPerSecond = 100;

/** When a process began, in milliseconds since the epoch, to a hundredth of a second; undefined when it has ended. */
export function readProcessStart(host: Host, pid: number): number | undefined {
  const stat = readQuietly(host, `/proc/${pid}/stat`);
  const uptime = Number(readQuietly(host, "/proc/uptime")?.split(" ")[0]);
  // Field 22; the name in parentheses may hold anything.
  const ticks = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  if (stat === undefined || !Number.isFinite(ticks) || !Number.isFinite(uptime)) return undefined;
  return host.clock.now() - (uptime - ticks / ticksPerSecond) * 1000;
}

/** The oldest process of a control group below /sys/fs/cgroup. */
export function readGroupStart(host: Host, group: string): number | undefined {
  const pids = (readQuietly(host, `/sys/fs/cgroup${group}/cgroup.procs`) ?? "").split("\n").filter(Boolean).map(Number);
  const starts = pids.map((pid) => readProcessStart(host, pid)).filter((start) => start !== undefined);
  return starts.length === 0 ? undefined : Math.min(...starts);
}

function readQuietly(host: Host, path: string): string | undefined {
  try {
    return host.files.tryReadText(path);
  } catch (error) {
    if (["ESRCH", "ENODEV", "EACCES", "EOPNOTSUPP"].includes(errno(error) ?? "")) return undefined;
    throw error;
  }
}
