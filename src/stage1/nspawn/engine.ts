import type { Engine, EnginePlan, PodDescription } from "../../pod/engine.ts";
import { machineNameOf } from "../../base/id.ts";
import { appUnits } from "../tree/app-units.ts";
import { podUnits } from "../tree/pod-units.ts";
import type { StaticUnits } from "../tree/skeleton.ts";
import { skeletonFiles } from "../tree/skeleton.ts";
import { stopTimeout } from "../tree/stop-timeout.ts";
import { nspawnArgv } from "./argv.ts";
import { checkPod } from "./check.ts";
import { serviceLines, stopCommands } from "./service.ts";

/** Pods under systemd-nspawn: namespaces and cgroups of the host's kernel, a systemd of the host's own /usr inside. */
export function createNspawnEngine(units: StaticUnits): Engine {
  return {
    name: "nspawn",
    check: checkPod,
    plan: (pod) => planNspawn(pod, units),
  };
}

function planNspawn(pod: PodDescription, units: StaticUnits): EnginePlan {
  return {
    files: [...skeletonFiles(pod, units), ...podUnits(pod), ...pod.apps.flatMap((app) => appUnits(pod, app))],
    argv: nspawnArgv(pod),
    service: serviceLines(pod),
    stopCommands: stopCommands(pod),
    stopTimeoutUsec: stopTimeout(pod),
    machine: { name: machineNameOf(pod.uuid), class: "container" },
  };
}
