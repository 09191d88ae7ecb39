import type { Host } from "../host/host.ts";

const SOCKET = "/run/systemd/journal/socket";
const PROCESSES = "/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.procs";

/** Is there a journal that takes entries? One whose process is stopped would let a writer wait for ever. */
export function isJournalListening(host: Host): boolean {
  if (host.files.tryLstat(SOCKET)?.type !== "socket") return false;
  const processes = (readOr(host, PROCESSES) ?? "").split("\n").filter((line) => line !== "");
  return !processes.some((process) => isStopped(host, process));
}

function isStopped(host: Host, process: string): boolean {
  const state = /^State:\s*(\S)/m.exec(readOr(host, `/proc/${process}/status`) ?? "")?.[1];
  return state === "T" || state === "t";
}

/** A process that ends meanwhile is no error. */
function readOr(host: Host, path: string): string | undefined {
  try {
    return host.files.tryReadText(path);
  } catch {
    return undefined;
  }
}
