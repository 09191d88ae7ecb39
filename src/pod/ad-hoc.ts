import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Uuid } from "../base/id.ts";
import type { Host, Lock } from "../host/host.ts";
import type { Phase, PodDirectories } from "./paths.ts";
import { adHocDirectory, lockPath, phaseDirectory } from "./paths.ts";

/** Only root and group rkt may look into pods. */
const mode = 0o2750;

/**
 * Makes the directory of a new ad-hoc pod: in `embryo` first, so that a kill before it is whole leaves nothing that looks like a pod,
 * then in `prepare`. The lock is the pod's own: while it is held, gc leaves the pod alone. The caller releases it.
 */
export function createAdHoc(host: Host, dirs: PodDirectories, uuid: Uuid): Lock {
  const { files } = host;
  files.mkdir(`${dirs.runDir}/locks`, { recursive: true, mode: 0o755 });
  const lock = host.locks.tryLock(lockPath(dirs, uuid), { wait: 0 });
  if (lock === undefined) throw new RktError("pod-locked", `Cannot make pod ${quoteText(uuid)}: another rkt works on it`);
  try {
    const embryo = adHocDirectory(dirs, "embryo", uuid);
    for (const phase of ["embryo", "prepare"] as const) files.mkdir(phaseDirectory(dirs, phase), { recursive: true, mode });
    files.mkdir(embryo, { mode });
    files.write(`${embryo}/pod-created`, "", { mode: 0o640 });
    files.mkdir(`${embryo}/gen`, { mode });
    files.syncFileSystem(embryo);
    moveAdHoc(host, dirs, uuid, ["embryo", "prepare"]);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** From one phase to the next, for good. */
export function moveAdHoc(host: Host, dirs: PodDirectories, uuid: Uuid, [from, to]: readonly [Phase, Phase]): void {
  renameAdHoc(host, dirs, uuid, [from, to]);
  host.files.sync(phaseDirectory(dirs, to));
  host.files.sync(phaseDirectory(dirs, from));
}

/** The same for those who move many: the rename is the transition, which a power loss may undo until the file system is synced. */
export function renameAdHoc(host: Host, dirs: PodDirectories, uuid: Uuid, [from, to]: readonly [Phase, Phase]): void {
  host.files.mkdir(phaseDirectory(dirs, to), { recursive: true, mode });
  host.files.rename(adHocDirectory(dirs, from, uuid), adHocDirectory(dirs, to, uuid));
}

/**
 * Names the process that has yet to start a pod in `run`, or waits for it: until the engine holds the lock nothing else tells that
 * the pod is in use. With its start time, because numbers of processes are used again, and the boot, because both are.
 */
export function writeLauncher(host: Host, directory: string, pid: number): void {
  const startTime = startTimeOf(host, pid);
  if (startTime === undefined) return;
  host.files.write(`${directory}/launcher`, `${pid} ${startTime} ${bootId(host)}\n`, { mode: 0o640 });
}

/** Does the process that `writeLauncher` named still live? The scripts of a run that is over leave an empty file, which costs nobody a read. */
export function isLauncherAlive(host: Host, directory: string): boolean {
  const path = `${directory}/launcher`;
  if ((host.files.tryStat(path)?.size ?? 0) === 0) return false;
  const [pid = "", startTime = "", boot = ""] = (host.files.tryReadText(path) ?? "").trim().split(" ");
  if (!/^[0-9]+$/.test(pid) || !host.files.exists(`/proc/${pid}`)) return false;
  return boot === bootId(host) && startTimeOf(host, Number(pid)) === startTime;
}

/** Field 22 of proc_pid_stat(5). The second field, the program's name, may hold anything but ends with the last parenthesis. */
function startTimeOf(host: Host, pid: number): string | undefined {
  const text = readUnlessEnded(host, `/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

function readUnlessEnded(host: Host, path: string): string | undefined {
  try {
    return host.files.tryReadText(path);
  } catch (error) {
    if (errno(error) === "ESRCH") return undefined;
    throw error;
  }
}

function bootId(host: Host): string {
  return host.files.tryReadText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}
