import type { PlanDigest, PodName, Uuid } from "../base/id.ts";
import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { podsInControlGroups } from "./control-groups.ts";
import type { PodDirectories } from "./paths.ts";
import { generationDirectory, lockPath, namedDirectory, phaseDirectory, phases, podDirectory } from "./paths.ts";
import type { CommitRecord, GenerationRecord } from "./record.ts";
import { parseCommitRecord, parseGenerationRecord } from "./record.ts";

/** A named pod as its directory tells it. Reading needs neither root (members of group rkt may) nor D-Bus. */
export interface NamedPod {
  readonly uuid: Uuid;
  readonly name: PodName;
  readonly directory: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly commit: CommitRecord;
}

/** Of the two kinds of pods, is it this one? */
export function isNamed<T extends { readonly name?: PodName }>(pod: T): pod is T & { readonly name: PodName } {
  return pod.name !== undefined;
}

/** How a run ended: `$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS` of systemd.exec(5). */
export interface LastRun {
  readonly result: string;
  readonly code: string;
  readonly status: string;
  readonly endedAt: number;
}

/** The run that goes on, or the last one. */
export interface StartedRun {
  readonly generation: PlanDigest;
  readonly startedAt: number;
}

/** All named pods, sorted by name. A directory that cannot be read is reported to `onProblem` and left out. */
export function listNamedPods(host: Host, dirs: PodDirectories, onProblem: (error: unknown) => void = () => {}): NamedPod[] {
  const pods: NamedPod[] = [];
  for (const entry of host.files.tryList(namedDirectory(dirs))) {
    const uuid = entry.includes("-") ? tryUuid(entry) : undefined;
    if (uuid === undefined) continue;
    try {
      const pod = readNamedPod(host, dirs, uuid);
      if (pod !== undefined) pods.push(pod);
    } catch (error) {
      onProblem(error);
    }
  }
  return pods.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** undefined where there is no such pod (or it is being made). */
export function readNamedPod(host: Host, dirs: PodDirectories, uuid: Uuid): NamedPod | undefined {
  const directory = podDirectory(dirs, uuid);
  const name = host.files.tryReadText(`${directory}/name`);
  const created = host.files.tryStat(`${directory}/pod-created`);
  if (name === undefined || created === undefined) return undefined;
  const path = `${directory}/commit`;
  const text = host.files.tryReadText(path);
  const commit: CommitRecord = text === undefined ? { format: 1, inputs: [] } : parseCommitRecord(text, path);
  return { uuid, name: name.trim() as PodName, directory, createdAt: created.mtimeMs, commit };
}

export function readGeneration(host: Host, dirs: PodDirectories, uuid: Uuid, digest: PlanDigest): GenerationRecord {
  const path = `${generationDirectory(dirs, uuid, digest)}/plan.json`;
  return parseGenerationRecord(host.files.readText(path), path);
}

export function readLastRun(host: Host, pod: Pick<NamedPod, "directory">): LastRun | undefined {
  const path = `${pod.directory}/last`;
  const stat = host.files.tryStat(path);
  const text = stat === undefined ? undefined : host.files.tryReadText(path);
  if (stat === undefined || text === undefined) return undefined;
  const [result = "", code = "", status = ""] = text.trim().split(" ");
  return { result, code, status, endedAt: stat.mtimeMs };
}

export function readStartedRun(host: Host, pod: Pick<NamedPod, "directory">): StartedRun | undefined {
  const path = `${pod.directory}/started`;
  const stat = host.files.tryStat(path);
  const text = stat === undefined ? undefined : host.files.tryReadText(path);
  if (stat === undefined || text === undefined) return undefined;
  return { generation: text.trim() as PlanDigest, startedAt: stat.mtimeMs };
}

/** When its last run started: of a run that is over lists ask for no more. */
export function readStartTime(host: Host, pod: Pick<NamedPod, "directory">): Pick<StartedRun, "startedAt"> | undefined {
  const stat = host.files.tryStat(`${pod.directory}/started`);
  return stat === undefined ? undefined : { startedAt: stat.mtimeMs };
}

/** UUIDs of the pods that run now: one read of /proc/locks for all of them, and one file each for those without a lock. */
export function runningPods(host: Host, dirs: PodDirectories): ReadonlySet<Uuid> {
  const locked = lockedOnce(host, dirs);
  return runningAmong(host, dirs, { locked, held: locked.length === 0 ? new Set() : host.locks.heldInodes() });
}

/** The same of pods that are there to be listed, while the caller does something else meanwhile. */
export async function awaitRunningPods(host: Host, dirs: PodDirectories): Promise<ReadonlySet<Uuid>> {
  const left = lockedOnce(host, dirs);
  // Files of pods that are gone are left behind, and asking the kernel for their locks would cost a wait.
  const known = left.length === 0 ? new Set() : listUuids(host, dirs);
  const locked = left.filter((uuid) => known.has(uuid));
  return runningAmong(host, dirs, { locked, held: locked.length === 0 ? new Set() : await host.locks.awaitHeldInodes() });
}

/** Names of the directories of all pods. */
function listUuids(host: Host, dirs: PodDirectories): ReadonlySet<string> {
  const directories = [namedDirectory(dirs), ...phases.map((phase) => phaseDirectory(dirs, phase))];
  return new Set(directories.flatMap((directory) => host.files.tryList(directory)));
}

/** Pods that have a lock file: most of them do not run any more. */
function lockedOnce(host: Host, dirs: PodDirectories): readonly Uuid[] {
  return host.files.tryList(`${dirs.runDir}/locks`).flatMap((entry) => tryUuid(entry) ?? []);
}

interface Locked {
  readonly locked: readonly Uuid[];
  readonly held: ReadonlySet<string>;
}

function runningAmong(host: Host, dirs: PodDirectories, { locked, held }: Locked): ReadonlySet<Uuid> {
  const isHeld = (uuid: Uuid): boolean => {
    const stat = host.files.tryStat(lockPath(dirs, uuid));
    return stat !== undefined && held.has(`${stat.dev}:${stat.ino}`);
  };
  return new Set([...locked.filter(isHeld), ...podsInControlGroups(host, dirs)]);
}
