import type { Uuid } from "../base/id.ts";
import { withOwnNamespace } from "../net/script.ts";
import type { EnginePlan, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { lockPath } from "../pod/paths.ts";
import { quoteArgv } from "../unit/quote.ts";

/** Seconds that a start waits for the run before it to let go of the pod. */
const lockWait = "10";

/** What becomes the main process of a pod's unit: the engine, behind the pod's lock where it holds one. */
export function engineCommand(plan: EnginePlan, dirs: PodDirectories, uuid: Uuid): readonly string[] {
  if (plan.liveness !== undefined) return plan.argv;
  return ["/usr/bin/flock", "--wait", lockWait, "--no-fork", lockPath(dirs, uuid), ...plan.argv];
}

/** ExecStartPre= of a pod whose engine the unit shuts in: sees the host, and the network namespace that systemd has made for the unit. */
export function startLine(pod: PodDescription, plan: EnginePlan): string {
  const start = ["/bin/sh", `${pod.paths.generation}/start`];
  if (plan.outside === undefined) return quoteArgv(start);
  const argv = [...plan.outside, ...start];
  return `+${quoteArgv(plan.taps !== undefined && pod.network.kind === "namespace" ? withOwnNamespace(argv) : argv)}`;
}

/** ExecStopPost=. Where it ends with the pod's result, that is the unit's. */
export function stopLine({ paths }: PodDescription, plan: EnginePlan): string {
  const stop = ["/bin/sh", `${paths.generation}/stop`];
  return `${plan.result === undefined ? "-" : ""}${plan.outside === undefined ? quoteArgv(stop) : `+${quoteArgv([...plan.outside, ...stop])}`}`;
}
