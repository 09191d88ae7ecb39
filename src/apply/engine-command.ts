import type { Uuid } from "../base/id.ts";
import type { EnginePlan } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { lockPath } from "../pod/paths.ts";

/** Seconds that a start waits for the run before it to let go of the pod. */
const lockWait = "10";

/** What becomes the main process of a pod's unit: the engine, behind the pod's lock where it holds one. */
export function engineCommand(plan: EnginePlan, dirs: PodDirectories, uuid: Uuid): readonly string[] {
  if (plan.liveness === "cgroup") return plan.argv;
  return ["/usr/bin/flock", "--wait", lockWait, "--no-fork", lockPath(dirs, uuid), ...plan.argv];
}
