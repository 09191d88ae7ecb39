import type { PlanDigest, PodName, Uuid } from "../base/id.ts";
import type { PodPaths } from "./engine.ts";

/** Where pods live: the data directory (survives a reboot) and the run directory (does not). */
export interface PodDirectories {
  /** /var/lib/rkt */
  readonly dataDir: string;
  /** /run/rkt */
  readonly runDir: string;
}

/** Directory that holds the named pods, one directory each, named by UUID. */
export function namedDirectory(dirs: PodDirectories): string {
  return `${dirs.dataDir}/pods/named`;
}

/** Directory of one named pod. */
export function podDirectory(dirs: PodDirectories, uuid: Uuid): string {
  return `${namedDirectory(dirs)}/${uuid}`;
}

export function generationDirectory(dirs: PodDirectories, uuid: Uuid, digest: PlanDigest): string {
  return `${podDirectory(dirs, uuid)}/gen/${digest}`;
}

/** Where an ad-hoc pod stands; it moves by renames (the original's phases). */
export type Phase = "embryo" | "prepare" | "prepared" | "run" | "exited-garbage" | "garbage";

export const phases: readonly Phase[] = ["embryo", "prepare", "prepared", "run", "exited-garbage", "garbage"];

export function phaseDirectory(dirs: PodDirectories, phase: Phase): string {
  return `${dirs.dataDir}/pods/${phase}`;
}

/** Directory of an ad-hoc pod in a phase. Its plan is made for the one in `run`. */
export function adHocDirectory(dirs: PodDirectories, phase: Phase, uuid: Uuid): string {
  return `${phaseDirectory(dirs, phase)}/${uuid}`;
}

/** Host unit of an ad-hoc pod that was started from a terminal. */
export function runUnitOf(uuid: Uuid): string {
  return `rkt-run-${uuid}.service`;
}

/** Where a pod's directory stands while it runs. */
export function homeOf(dirs: PodDirectories, pod: { readonly uuid: Uuid; readonly name?: PodName }): string {
  return pod.name === undefined ? adHocDirectory(dirs, "run", pod.uuid) : podDirectory(dirs, pod.uuid);
}

/** The paths an engine plans with. */
export function enginePaths(dirs: PodDirectories, owner: { readonly uuid: Uuid; readonly name?: PodName }, generation: string): PodPaths {
  const { uuid } = owner;
  const pod = homeOf(dirs, owner);
  return {
    pod,
    generation: `${pod}/gen/${generation}`,
    rw: `${pod}/rw`,
    status: `${pod}/status`,
    journal: `${dirs.runDir}/journal/${uuid}`,
    cgroup: cgroupPath(dirs, uuid),
  };
}

/** The file whose flock tells that a pod runs: on tmpfs, held by the engine itself. */
export function lockPath(dirs: PodDirectories, uuid: Uuid): string {
  return `${dirs.runDir}/locks/${uuid}`;
}

/** The file that names the control group of a running pod whose engine holds no lock. */
export function cgroupPath(dirs: PodDirectories, uuid: Uuid): string {
  return `${dirs.runDir}/cgroups/${uuid}`;
}

export function verdictDirectory(dirs: PodDirectories, uuid: Uuid): string {
  return `${dirs.runDir}/verdicts/${uuid}`;
}

export function verdictPath(dirs: PodDirectories, uuid: Uuid, digest: PlanDigest): string {
  return `${verdictDirectory(dirs, uuid)}/${digest}`;
}

/** Host unit of a named pod. */
export function serviceUnitOf(name: PodName): string {
  return `rkt-pod@${name}.service`;
}
