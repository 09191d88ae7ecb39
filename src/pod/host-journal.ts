import type { Host } from "../host/host.ts";
import { readStartedRun } from "./named.ts";
import type { Pod } from "./pod.ts";
import { readPodGeneration, unitOf } from "./pod.ts";

/**
 * What an entry of the host's journal must have to be a line of this pod; undefined for a pod with a journal of its own. The unit is
 * journald's own finding, so no other unit's process can pass for the pod; what further tells it from earlier pods of that unit
 * only the unit's own processes could have forged.
 */
export function hostJournalMatches(host: Host, pod: Pod): readonly string[] | undefined {
  const digest = readStartedRun(host, pod)?.generation ?? pod.commit.generation;
  if (digest === undefined || readPodGeneration(host, pod, digest).liveness !== "cgroup") return undefined;
  const unit = unitOf(host, pod);
  if (pod.name !== undefined) return [`_SYSTEMD_UNIT=${unit}`, `RKT_POD_UUID=${pod.uuid}`];
  const invocation = /^[0-9a-f]{32}$/.exec(host.files.tryReadText(`${pod.directory}/invocation`)?.trim() ?? "")?.[0];
  return [`_SYSTEMD_UNIT=${unit}`, ...(invocation === undefined ? [] : [`_SYSTEMD_INVOCATION_ID=${invocation}`])];
}
