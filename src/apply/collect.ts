import type { Uuid } from "../base/id.ts";
import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { releaseAddresses } from "../net/claim-address.ts";
import { sweepNetworks } from "../net/sweep.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { listNamedPods, runningPods } from "../pod/named.ts";
import { isBusy, listPhase, type Pod } from "../pod/pod.ts";
import type { Phase, PodDirectories } from "../pod/paths.ts";
import { adHocDirectory, cgroupPath, lockPath, phaseDirectory, phases, podDirectory } from "../pod/paths.ts";
import { attempt } from "./attempt.ts";
import type { ApplyContext } from "./context.ts";
import { releaseClaimsOf } from "./release-claims.ts";
import { releaseUserRanges } from "./user-range.ts";
import { noteGone } from "./gone.ts";
import { moveLocked } from "./move-locked.ts";

export interface CollectOptions {
  /** Milliseconds that an ended pod is kept after it was marked. */
  readonly graceMs: number;
  /** Milliseconds that a prepared pod waits to be run. */
  readonly expireMs: number;
  /** Mark what has ended, remove nothing. */
  readonly markOnly: boolean;
  /** One line for each pod that is kept or marked. */
  say(line: string): void;
  /** One line for each pod that is removed. */
  tell(line: string): void;
  /** What one pod could not be marked or removed for: the others are. */
  fail(error: RktError): void;
}

/**
 * The original's collection of ad-hoc pods: ended ones are marked, by a rename whose time begins their grace period; aborted and expired
 * ones are garbage at once; garbage goes. What runs, is made or is being started by somebody is never touched. Costs a directory read for
 * each phase, one read of all locks and at most one sync, whatever the number of pods: a power loss before it, or without it, brings pods
 * back as they were, whole, for the next collection to find.
 */
export async function collectPods(context: ApplyContext, options: CollectOptions): Promise<void> {
  const { host, dirs } = context;
  const locked = runningPods(host, dirs);
  const busyUnits = await listBusyUnits(context);
  const idle = (phase: Phase): Pod[] =>
    listPhase(host, dirs, phase).filter((pod) => !isBusy(host, pod, locked) && !busyUnits.has(unitFile(host, pod)));
  const mark = (uuid: Uuid, from: Phase, to: Phase): void => tryFor(uuid, options, () => void moveLocked(host, dirs, uuid, [from, to]));
  // Their files lie in the pods' directories.
  sweepOldNetworks(host, dirs);
  for (const pod of idle("run")) {
    options.say(`moving pod ${quoteText(pod.uuid)} to garbage`);
    mark(pod.uuid, "run", "exited-garbage");
  }
  for (const pod of idle("prepare")) mark(pod.uuid, "prepare", "garbage");
  for (const uuid of leftEmbryos(host, dirs, locked)) mark(uuid, "embryo", "garbage");
  if (options.markOnly) return;
  for (const pod of idle("prepared")) if (ageOf(host, pod.directory) >= options.expireMs) mark(pod.uuid, "prepared", "garbage");
  for (const pod of idle("exited-garbage")) {
    if (ageOf(host, pod.directory) >= options.graceMs) mark(pod.uuid, "exited-garbage", "garbage");
    else options.say(`pod ${quoteText(pod.uuid)} not removed: still within grace period (${options.graceMs / 1000}s)`);
  }
  buryGarbage(host, dirs, options);
  sweepLeftovers(host, dirs);
}

/** Removes one ad-hoc pod now. Errors: `pod-running` where somebody is at work on it. */
export async function removeAdHoc(context: ApplyContext, pod: Pod): Promise<void> {
  const { host, dirs } = context;
  if (isBusy(host, pod, runningPods(host, dirs)) || (await listBusyUnits(context)).has(unitFile(host, pod))) {
    const what = pod.phase === "prepare" ? "is being prepared" : pod.phase === "run" ? "runs" : "is being removed";
    throw new RktError("pod-running", `Cannot remove pod ${quoteText(pod.uuid)}: it ${what}`, {
      ...(pod.phase === "run" ? { hint: `Stop it with "rkt stop ${pod.uuid}"` } : {}),
    });
  }
  const takeNetwork = (): void => void sweepNetworks(host, dirs.runDir, (uuid) => uuid !== pod.uuid);
  if (pod.phase === undefined || !moveLocked(host, dirs, pod.uuid, [pod.phase, "garbage"], takeNetwork))
    throw new RktError("pod-running", `Cannot remove pod ${quoteText(pod.uuid)}: another rkt works on it`);
  noteGarbage(host, dirs, [pod.uuid]);
  removeGarbage(host, dirs, pod.uuid);
  releaseClaimsOf(host, dirs, pod.uuid);
}

/** Units of ad-hoc pods that PID 1 has not let go of: their clean-up may still be at work. */
async function listBusyUnits({ manager }: ApplyContext): Promise<ReadonlySet<string>> {
  if (manager === undefined) return new Set();
  const units = new Set<string>();
  for (const unit of await manager.loadedUnits("rkt-run-*.service")) {
    const { activeState } = await manager.unitState(unit);
    if (activeState === "failed") await manager.resetFailed(unit);
    else if (activeState !== "inactive") units.add(unit);
  }
  for (const unit of await manager.loadedUnits("rkt-clean-*.service")) units.add(unit);
  return units;
}

/** The unit of ours that is at work on the pod as long as it is there: the pod's own, or the clean-up after somebody else's. */
function unitFile(host: Host, pod: Pod): string {
  const unit = host.files.tryReadText(`${pod.directory}/unit`)?.trim();
  return unit === undefined || unit.startsWith("rkt-run-") ? `rkt-run-${pod.uuid}.service` : `rkt-clean-${pod.uuid}.service`;
}

function tryFor(uuid: Uuid, { fail }: CollectOptions, action: () => void): void {
  attempt(`pod ${quoteText(uuid)}`, fail, action);
}

function leftEmbryos(host: Host, dirs: PodDirectories, locked: ReadonlySet<Uuid>): Uuid[] {
  return host.files.tryList(phaseDirectory(dirs, "embryo")).flatMap((entry) => {
    const uuid = tryUuid(entry);
    return uuid === undefined || locked.has(uuid) ? [] : [uuid];
  });
}

/** Since the rename into its phase, which sets the directory's change time. */
function ageOf(host: Host, directory: string): number {
  const stat = host.files.tryStat(directory);
  // The clock has whole milliseconds: what was marked in this one is not younger than nothing.
  return stat === undefined ? 0 : Math.max(0, host.clock.now() - stat.ctimeMs);
}

function buryGarbage(host: Host, dirs: PodDirectories, options: CollectOptions): void {
  const uuids = host.files.tryList(phaseDirectory(dirs, "garbage")).flatMap((entry) => tryUuid(entry) ?? []);
  noteGarbage(host, dirs, uuids);
  for (const uuid of uuids) {
    options.tell(`Garbage collecting pod ${quoteText(uuid)}`);
    tryFor(uuid, options, () => removeGarbage(host, dirs, uuid));
  }
}

/**
 * Their journals stay until these are too old. Nothing is removed before it is on the disk that the pods are garbage, and recorded as
 * gone: else a power loss might leave half a pod among the whole ones, or a journal that nobody knows.
 */
function noteGarbage(host: Host, dirs: PodDirectories, uuids: readonly Uuid[]): void {
  if (uuids.length === 0) return;
  for (const uuid of uuids) if (host.files.exists(`${adHocDirectory(dirs, "garbage", uuid)}/started`)) noteGone(host, dirs, uuid);
  host.files.syncFileSystem(phaseDirectory(dirs, "garbage"));
}

/** The pod's directory goes last, so that the next collection finishes what a kill cut short. */
function removeGarbage(host: Host, dirs: PodDirectories, uuid: Uuid): void {
  for (const path of [lockPath(dirs, uuid), cgroupPath(dirs, uuid), `${dirs.runDir}/journal/${uuid}`]) host.files.removeTree(path);
  host.files.removeTree(adHocDirectory(dirs, "garbage", uuid));
}

/** Of pods that are gone, or that were killed before they had a directory. Whoever makes one holds its lock. */
function removeRuntimeFiles(host: Host, dirs: PodDirectories, known: ReadonlySet<string>): void {
  for (const entry of host.files.tryList(`${dirs.runDir}/locks`)) {
    const uuid = known.has(entry) ? undefined : tryUuid(entry);
    const lock = uuid === undefined ? undefined : host.locks.tryLock(lockPath(dirs, uuid), { wait: 0 });
    if (uuid === undefined || lock === undefined) continue;
    const paths = isThere(host, dirs, uuid) ? [] : [`${dirs.runDir}/journal/${uuid}`, cgroupPath(dirs, uuid), lockPath(dirs, uuid)];
    for (const path of paths) host.files.removeTree(path);
    lock.release();
  }
}

/** Addresses and networks of pods that are gone or have ended badly. */
function sweepLeftovers(host: Host, dirs: PodDirectories): void {
  const known = new Set<string>(listNamedPods(host, dirs).map((pod) => pod.uuid));
  for (const phase of phases) for (const entry of host.files.tryList(phaseDirectory(dirs, phase))) known.add(entry);
  removeRuntimeFiles(host, dirs, known);
  const isGone = (uuid: string): boolean => !known.has(uuid) && !isThere(host, dirs, uuid);
  releaseAddresses(host, dirs.dataDir, isGone);
  releaseUserRanges(host, dirs.dataDir, isGone);
  sweepOldNetworks(host, dirs);
}

/** Asked after its lock or claim was seen: who makes a pod takes the lock, makes the directory and claims, in this order, and may have done so just now. */
function isThere(host: Host, dirs: PodDirectories, text: string): boolean {
  const uuid = tryUuid(text);
  if (uuid === undefined) return false;
  return phases.some((phase) => host.files.exists(adHocDirectory(dirs, phase, uuid))) || host.files.exists(podDirectory(dirs, uuid));
}

function sweepOldNetworks(host: Host, dirs: PodDirectories): void {
  const running: ReadonlySet<string> = runningPods(host, dirs);
  const starting = new Set<string>(
    listPhase(host, dirs, "run")
      .filter((pod) => isBusy(host, pod, new Set()))
      .map((pod) => pod.uuid),
  );
  const named = new Set<string>(listNamedPods(host, dirs).map((pod) => pod.uuid));
  // A named pod that starts at this moment holds no lock yet; its own next start takes away what a crash left.
  sweepNetworks(host, dirs.runDir, (uuid) => running.has(uuid) || starting.has(uuid) || named.has(uuid));
}
