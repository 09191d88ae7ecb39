import { setTimeout as passTime } from "node:timers/promises";
import type { Host } from "../host/host.ts";
import { type CgroupMove, moveOnce, unitGroup } from "./enter-cgroup.ts";

/** Between the moment when a process of the command exists and the moment when it may run. */
export interface EnterGate {
  /** The start is over, or was refused (and the group is nobody's). Rejects where a process could not be moved: it is killed then. */
  close(how?: "refused"): Promise<void>;
}

/**
 * The command's control group, made before PID 1 starts it, and frozen: whatever is born there does not run before it has been
 * moved into the app's. PID 1 itself may wait for such a process, so a guard sees to the group however this process ends.
 */
export function openGate(host: Host, move: CgroupMove): EnterGate {
  const group = unitGroup(host, move, move.unit);
  const guard = host.programs.pipe(["sh", "-c", GUARD, "sh", group]);
  guard.done.catch(() => undefined);
  host.files.mkdir(group);
  giveToPod(host, group);
  host.files.write(`${group}/cgroup.freeze`, "1");
  const over = new AbortController();
  const pump = async (): Promise<void> => {
    while (!over.signal.aborted) {
      moveOnce(host, move);
      await passTime(1);
    }
  };
  const pumping = pump().catch((error: unknown) => {
    writeQuietly(host, `${group}/cgroup.kill`, "1");
    return error;
  });
  return {
    close: async (how) => {
      over.abort();
      const error = await pumping;
      writeQuietly(host, `${group}/cgroup.freeze`, "0");
      guard.input.end(how === "refused" ? "remove\n" : "done\n");
      if (error !== undefined) throw error;
    },
  };
}

/** The pod's PID 1 puts processes into its groups itself; with user ids of its own it is not root of the host. */
function giveToPod(host: Host, group: string): void {
  const { uid, gid } = host.files.stat(group.slice(0, group.lastIndexOf("/")));
  if (uid === 0) return;
  for (const name of ["", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"]) host.files.chown(`${group}${name}`, uid, gid);
}

/** Without a word from us we were killed: what has not been moved yet may not run, and nobody waits for it. */
const GUARD = `trap '' HUP INT QUIT TERM; exec 2>/dev/null
read -r line || { line=remove; echo 1 >"$1/cgroup.kill"; }
echo 0 >"$1/cgroup.freeze"; [ "$line" != remove ] || rmdir "$1"; exit 0`;

/** PID 1 removes the group as soon as it is empty and the command has ended. */
function writeQuietly(host: Host, path: string, text: string): void {
  try {
    host.files.write(path, text);
  } catch {
    // it has gone
  }
}
