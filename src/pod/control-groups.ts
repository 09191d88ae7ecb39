import { errno } from "../base/error.ts";
import type { Uuid } from "../base/id.ts";
import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { PodDirectories } from "./paths.ts";
import { cgroupPath } from "./paths.ts";

/** Main process of a running pod whose engine is the app. */
export interface MainProcess {
  readonly pid: number;
  /** Below /sys/fs/cgroup, with a slash in front. */
  readonly cgroup: string;
}

/** UUIDs of the pods without a lock that run now. */
export function podsInControlGroups(host: Host, dirs: PodDirectories): Uuid[] {
  const uuids = host.files.tryList(`${dirs.runDir}/cgroups`).map((entry) => tryUuid(entry));
  return uuids.filter((uuid) => uuid !== undefined).filter((uuid) => readMainProcess(host, dirs, uuid) !== undefined);
}

/**
 * The main process of such a pod, from the file that it wrote when it started; undefined when the pod does not run. A unit that is not
 * the pod's own may go on, or start the next pod: then the number is another process's, or nobody's. Without the main process it is the
 * control group of our own unit that says whether something is left.
 */
export function readMainProcess(host: Host, dirs: PodDirectories, uuid: Uuid): MainProcess | undefined {
  const text = host.files.tryReadText(cgroupPath(dirs, uuid));
  const [, pid = "", start = "", cgroup = ""] = /^([0-9]+) ([0-9]+) (\/[^\n]*)\n$/.exec(text ?? "") ?? [];
  if (pid === "" || cgroup.split("/").includes("..")) return undefined;
  const own = /\/rkt-(pod@|run-)[^/]*\.service$/.test(cgroup);
  const runs = startTimeOf(host, pid) === start || (own && isPopulated(host, cgroup));
  return runs ? { pid: Number(pid), cgroup } : undefined;
}

function isPopulated(host: Host, cgroup: string): boolean {
  return /^populated 1$/m.test(readQuietly(host, `/sys/fs/cgroup${cgroup}/cgroup.events`));
}

/** Field 22 of proc(5)'s stat; the name in parentheses before may hold anything. A process that has ended and waits for its parent is none. */
function startTimeOf(host: Host, pid: string): string | undefined {
  const stat = readQuietly(host, `/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** Empty when what is read ends meanwhile. */
function readQuietly(host: Host, path: string): string {
  try {
    return host.files.tryReadText(path) ?? "";
  } catch (error) {
    if (["ESRCH", "ENODEV", "EACCES"].includes(errno(error) ?? "")) return "";
    throw error;
  }
}
