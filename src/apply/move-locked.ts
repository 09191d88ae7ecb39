import type { Uuid } from "../base/id.ts";
import type { Host, Lock } from "../host/host.ts";
import { renameAdHoc } from "../pod/ad-hoc.ts";
import type { Phase, PodDirectories } from "../pod/paths.ts";
import { adHocDirectory, lockPath } from "../pod/paths.ts";

/**
 * Moves an ad-hoc pod under its lock: who starts a prepared pod at this moment wins or finds it gone. False where somebody holds the lock or
 * has moved the pod. Not for good until a sync.
 */
export function moveLocked(
  host: Host,
  dirs: PodDirectories,
  uuid: Uuid,
  phases: readonly [from: Phase, to: Phase],
  first = (): void => {},
): boolean {
  const lock: Lock | undefined = host.locks.tryLock(lockPath(dirs, uuid), { wait: 0 });
  if (lock === undefined) return false;
  try {
    if (!host.files.exists(adHocDirectory(dirs, phases[0], uuid))) return false;
    first();
    renameAdHoc(host, dirs, uuid, phases);
    return true;
  } finally {
    lock.release();
  }
}
