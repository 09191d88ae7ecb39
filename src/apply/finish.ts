import { dirname } from "node:path";
import { diskFull } from "../base/disk-full.ts";
import type { Host } from "../host/host.ts";
import type { Manager } from "../systemd/manager.ts";
import type { ApplyContext } from "./context.ts";
import type { Decision } from "./judge.ts";
import { judgeAll } from "./judge.ts";
import { settleUnits } from "./settle.ts";

/**
 * Lets everything outside the pods' directories follow from their commit records: units, systemd's knowledge of them, verdicts.
 * Every command that changes pods ends with it, and begins with it, so that one that was cut short is rolled forward.
 */
export async function finishChanges(context: ApplyContext): Promise<Decision[]> {
  const { host, dirs, unitDirectory } = context;
  // The directory itself may be what there is no room for.
  await written("the units of pods", dirname(unitDirectory), () => settleUnits(host, dirs, unitDirectory));
  await reloadIfNeeded(context);
  return await written("the verdicts on pods", dirs.runDir, () => judgeAll(context));
}

/** `disk-full`, where that place has no room. */
async function written<Result>(what: string, place: string, write: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    throw diskFull(error, `Cannot write ${what}`, { place }) ?? error;
  }
}

/**
 * A reload costs half a second on a busy host, and most changes need none: PID 1 reads a unit that it has not loaded from disk. All
 * loaded units of pods are asked, not only those that this command wrote: one before it may have been killed before its reload.
 */
async function reloadIfNeeded({ host, manager, unitDirectory }: ApplyContext): Promise<void> {
  if (manager === undefined) return;
  for (const unit of [...(await manager.loadedUnits("rkt-pod@*")), ...(await manager.loadedUnits("rkt-proxy@*"))]) {
    if (!(await manager.needsReload(unit)) && !(await lacksDropIn(host, manager, { unit, unitDirectory }))) continue;
    await manager.reload();
    return;
  }
}

/** systemd 252 does not say so of a loaded unit whose first drop-in was just made: that of a pod somebody tried to start before its apply. */
async function lacksDropIn(
  host: Host,
  manager: Manager,
  { unit, unitDirectory }: { readonly unit: string; readonly unitDirectory: string },
): Promise<boolean> {
  const path = `${unitDirectory}/${unit}.d/50-rkt.conf`;
  return host.files.exists(path) && !(await manager.dropIns(unit)).includes(path);
}
