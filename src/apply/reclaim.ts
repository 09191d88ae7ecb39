import type { Uuid } from "../base/id.ts";
import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { releaseAddresses } from "../net/claim-address.ts";
import { runningPods } from "../pod/named.ts";
import { isBusy, listPhase } from "../pod/pod.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { phaseDirectory, runUnitOf } from "../pod/paths.ts";
import { attempt } from "./attempt.ts";
import { moveLocked } from "./move-locked.ts";
import { releaseUserRanges } from "./user-range.ts";

/**
 * Gives back the addresses and ids of ad-hoc pods that have ended and are kept to be looked at, for who finds none free. Those in `run` are
 * marked first, as gc does: their scripts are made for that place, so that nothing starts them any more.
 */
export function reclaimClaims(host: Host, dirs: PodDirectories): void {
  const running = runningPods(host, dirs);
  for (const pod of listPhase(host, dirs, "run")) {
    if (isBusy(host, pod, running) || isInUse(host, dirs, pod.uuid)) continue;
    // What cannot be moved keeps what it has; gc says why.
    attempt(
      pod.uuid,
      () => undefined,
      () => void moveLocked(host, dirs, pod.uuid, ["run", "exited-garbage"]),
    );
  }
  const marked = (["exited-garbage", "garbage"] as const).flatMap((phase) => host.files.tryList(phaseDirectory(dirs, phase)));
  // Asked once more: a start that the move has not stopped has a unit by now.
  const ended = new Set<string>(
    marked.flatMap((entry) => tryUuid(entry) ?? []).filter((uuid) => !running.has(uuid) && !isInUse(host, dirs, uuid)),
  );
  releaseAddresses(host, dirs.dataDir, (uuid) => ended.has(uuid));
  releaseUserRanges(host, dirs.dataDir, (uuid) => ended.has(uuid));
}

/** Has PID 1 a unit of ours for it, or does its network stand? Both may be longer than the engine runs. */
function isInUse(host: Host, dirs: PodDirectories, uuid: Uuid): boolean {
  const units = [runUnitOf(uuid), `rkt-clean-${uuid}.service`].map((unit) => `/run/systemd/transient/${unit}`);
  return (
    [...units, `/run/netns/rkt-${uuid}`].some((path) => host.files.exists(path)) ||
    host.files.tryLstat(`${dirs.runDir}/net/${uuid}`) !== undefined
  );
}
