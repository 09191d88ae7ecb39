import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Uuid } from "../base/id.ts";
import { sweepNetworks } from "../net/sweep.ts";
import { readNamedPod, runningPods } from "../pod/named.ts";
import type { NamedPod } from "../pod/named.ts";
import { cgroupPath, lockPath, serviceUnitOf } from "../pod/paths.ts";
import type { CommitRecord } from "../pod/record.ts";
import { commitGeneration } from "./carry-out.ts";
import type { ApplyContext } from "./context.ts";
import { finishChanges } from "./finish.ts";
import { recordGone } from "./gone.ts";
import { releaseClaimsOf } from "./release-claims.ts";
import { unitsOf } from "./settle.ts";

/** Is a run of the pod going on, or its unit not yet gone? Its lock must be free and its unit's cgroup empty before anything is taken away. */
export async function isActive(context: ApplyContext, pod: NamedPod): Promise<boolean> {
  if (runningPods(context.host, context.dirs).has(pod.uuid)) return true;
  if (context.manager === undefined) return false;
  const { activeState } = await context.manager.unitState(serviceUnitOf(pod.name));
  return activeState !== "inactive" && activeState !== "failed";
}

/** Takes a stopped pod's units away; data, UUID and generations stay. Its units are stopped (sockets) and disabled first. */
export async function withdrawPod(context: ApplyContext, pod: NamedPod): Promise<void> {
  await disablePod(context, pod);
  const { generation, previous } = pod.commit;
  const kept = generation ?? previous;
  const record: CommitRecord = { format: 1, inputs: [], ...(kept === undefined ? {} : { previous: kept }) };
  commitGeneration(context.host, pod.directory, record);
}

/** Goes back one generation; going back twice is where it was. */
export function rollBack(context: ApplyContext, pod: NamedPod): CommitRecord {
  const { generation, previous } = pod.commit;
  if (previous === undefined || !context.host.files.exists(`${pod.directory}/gen/${previous}`)) {
    throw new RktError("pod-no-previous", `Cannot roll pod ${quoteText(pod.name)} back: it has no earlier generation`);
  }
  const record: CommitRecord = {
    format: 1,
    generation: previous,
    inputs: [],
    ...(generation === undefined ? {} : { previous: generation }),
  };
  commitGeneration(context.host, pod.directory, record);
  return record;
}

/** Removes a stopped pod with its UUID, generations and state volumes. The declaration, host volumes and the journal stay. */
export async function removePod(context: ApplyContext, pod: NamedPod): Promise<void> {
  const { files } = context.host;
  await refuseActive(context, pod);
  await withdrawPod(context, pod);
  await finishChanges(context);
  // A connection may have started it before its sockets and units were gone. From here on nothing can.
  await refuseActive(context, pod);
  sweepNetworks(context.host, context.dirs.runDir, (uuid) => uuid !== pod.uuid);
  const grave = `${pod.directory.slice(0, pod.directory.lastIndexOf("/"))}/.gone-${pod.uuid}`;
  recordGone(context.host, context.dirs, pod.uuid);
  files.removeTree(grave);
  files.rename(pod.directory, grave);
  files.removeTree(grave);
  files.removeTree(`${context.dirs.dataDir}/volumes/${pod.name}`);
  releaseClaimsOf(context.host, context.dirs, pod.uuid);
  const ours = [lockPath(context.dirs, pod.uuid), `${context.dirs.runDir}/journal/${pod.uuid}`, cgroupPath(context.dirs, pod.uuid)];
  for (const path of ours) files.removeTree(path);
}

async function refuseActive(context: ApplyContext, pod: NamedPod): Promise<void> {
  if (!(await isActive(context, pod))) return;
  throw new RktError("pod-running", `Cannot remove pod ${quoteText(pod.name)}: it runs`, {
    hint: `Stop it with "systemctl stop ${serviceUnitOf(pod.name)}"`,
  });
}

/** The pod as it stands on disk now. */
export function rereadPod(context: ApplyContext, uuid: Uuid): NamedPod | undefined {
  return readNamedPod(context.host, context.dirs, uuid);
}

async function disablePod(context: ApplyContext, pod: NamedPod): Promise<void> {
  const { manager } = context;
  const units = unitsOf(context.host, context.dirs, pod);
  if (manager === undefined || pod.commit.generation === undefined) return;
  await manager.disableUnits(units);
  for (const unit of units.filter((name) => name.endsWith(".socket"))) {
    const { activeState } = await manager.unitState(unit);
    if (activeState !== "inactive" && activeState !== "failed") await manager.stopUnit(unit);
  }
}
