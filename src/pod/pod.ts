import type { PlanDigest, PodName, Uuid } from "../base/id.ts";
import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { isLauncherAlive } from "./ad-hoc.ts";
import { listNamedPods, readNamedPod } from "./named.ts";
import type { Phase, PodDirectories } from "./paths.ts";
import { adHocDirectory, phaseDirectory, runUnitOf, serviceUnitOf } from "./paths.ts";
import type { CommitRecord, GenerationRecord } from "./record.ts";
import { parseCommitRecord, parseGenerationRecord } from "./record.ts";

/** A pod of either kind, as its directory tells it: a named one has a name, an ad-hoc one a phase. */
export interface Pod {
  readonly uuid: Uuid;
  readonly name?: PodName;
  readonly phase?: Phase;
  readonly directory: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly commit: CommitRecord;
}

/** Phases in which an ad-hoc pod is shown and found; in the order of a pod's life, so that one that moves meanwhile is met again, not missed. */
const shownPhases: readonly Phase[] = ["prepare", "prepared", "run", "exited-garbage"];

/** All pods: the named by name, then the others, the newest first. One that cannot be read is reported to `onProblem` and left out. */
export function listPods(host: Host, dirs: PodDirectories, onProblem: (error: unknown) => void = () => {}): Pod[] {
  const adHoc = new Map<Uuid, Pod>();
  for (const phase of shownPhases) for (const pod of listPhase(host, dirs, phase, onProblem)) adHoc.set(pod.uuid, pod);
  return [...listNamedPods(host, dirs, onProblem), ...[...adHoc.values()].toSorted((a, b) => b.createdAt - a.createdAt)];
}

/** The pod of this UUID, of either kind. */
export function readPod(host: Host, dirs: PodDirectories, uuid: Uuid): Pod | undefined {
  const phase = shownPhases.find((candidate) => host.files.exists(adHocDirectory(dirs, candidate, uuid)));
  if (phase === undefined) return readNamedPod(host, dirs, uuid);
  return readAdHocPod(host, adHocDirectory(dirs, phase, uuid), { uuid, phase });
}

/** The ad-hoc pods of one phase. */
export function listPhase(host: Host, dirs: PodDirectories, phase: Phase, onProblem: (error: unknown) => void = () => {}): Pod[] {
  return host.files.tryList(phaseDirectory(dirs, phase)).flatMap((entry) => {
    const uuid = tryUuid(entry);
    if (uuid === undefined) return [];
    try {
      const pod = readAdHocPod(host, adHocDirectory(dirs, phase, uuid), { uuid, phase });
      return pod === undefined ? [] : [pod];
    } catch (error) {
      onProblem(error);
      return [];
    }
  });
}

/** undefined where it has just moved on. */
function readAdHocPod(host: Host, directory: string, { uuid, phase }: { readonly uuid: Uuid; readonly phase: Phase }): Pod | undefined {
  const created = host.files.tryStat(`${directory}/pod-created`);
  if (created === undefined) return undefined;
  const text = host.files.tryReadText(`${directory}/commit`);
  const commit: CommitRecord = text === undefined ? { format: 1, inputs: [] } : parseCommitRecord(text, `${directory}/commit`);
  return { uuid, phase, directory, createdAt: created.mtimeMs, commit };
}

export function readPodGeneration(host: Host, pod: Pick<Pod, "directory">, digest: PlanDigest): GenerationRecord {
  const path = `${pod.directory}/gen/${digest}/plan.json`;
  return parseGenerationRecord(host.files.readText(path), path);
}

/** How sentences call it: by name, or by UUID. */
export function labelOf(pod: Pick<Pod, "name" | "uuid">): string {
  return pod.name ?? pod.uuid;
}

/** The host's unit that runs the pod. */
export function unitOf(host: Host, pod: Pod): string {
  if (pod.name !== undefined) return serviceUnitOf(pod.name);
  return host.files.tryReadText(`${pod.directory}/unit`)?.trim() ?? runUnitOf(pod.uuid);
}

/** Somebody is at work on it: the engine, which holds the lock, or who makes, starts or removes it. */
export function isBusy(host: Host, pod: Pod, locked: ReadonlySet<Uuid>): boolean {
  return locked.has(pod.uuid) || (pod.phase === "run" && isLauncherAlive(host, pod.directory));
}
