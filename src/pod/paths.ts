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

/** The paths an engine plans with. */
export function enginePaths(dirs: PodDirectories, uuid: Uuid, generation: string): PodPaths {
  const pod = podDirectory(dirs, uuid);
  return {
    generation: `${pod}/gen/${generation}`,
    rw: `${pod}/rw`,
    status: `${pod}/status`,
    journal: `${dirs.runDir}/journal/${uuid}`,
  };
}

/** The file whose flock tells that a pod runs: on tmpfs, held by the engine itself. */
export function lockPath(dirs: PodDirectories, uuid: Uuid): string {
  return `${dirs.runDir}/locks/${uuid}`;
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
