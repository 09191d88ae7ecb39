import type { Engine, EnginePlan, PlanFile, PodDescription } from "../../pod/engine.ts";
import { checkFly } from "./check.ts";
import { nameFiles } from "./name-files.ts";
import { serviceLines } from "./service.ts";
import { specFile } from "./spec-file.ts";

/** Installed with the package: rkt-fly.c of this folder. */
const program = "/usr/lib/rkt/fly";

/** One app with the host's privileges and namespaces, but for a mount namespace of its own with its image's root: the unit's main process. */
export function createFlyEngine(): Engine {
  return { name: "fly", defaultNetwork: "host", check: checkFly, plan: planFly };
}

function planFly(pod: PodDescription): EnginePlan {
  const [app] = pod.apps;
  // `check` refuses another number; the contract's samples are planned all the same.
  if (app === undefined) return { files: [], argv: [program], service: [], stopCommands: [], stopTimeoutUsec: 0, liveness: "cgroup" };
  const spec = `${pod.paths.generation}/stage1/spec`;
  return {
    files: [
      { kind: "directory", path: "stage1", mode: 0o700 },
      { kind: "directory", path: "stage1/root", mode: 0o700 },
      ...nameFiles(pod),
      { kind: "file", path: "stage1/spec", mode: 0o600, content: specFile(pod, app) } satisfies PlanFile,
    ],
    argv: [program, "run", spec],
    service: serviceLines(pod, app),
    endCommands: [
      `[ -z "\${EXIT_CODE:-}" ] || echo "$EXIT_CODE $EXIT_STATUS \${SERVICE_RESULT:-}" > "$pod/status/${app.name}"`,
      ...(app.postStop === undefined
        ? []
        : [`[ ! -e "$pod/rw/${app.name}/work" ] || [ -z "\${EXIT_CODE:-}" ] || ${program} post-stop '${spec}'`]),
    ],
    stopCommands: [`rm -f '${pod.paths.cgroup}' '${pod.paths.cgroup}.copier'`],
    stopTimeoutUsec: app.stopTimeoutUsec,
    liveness: "cgroup",
  };
}
