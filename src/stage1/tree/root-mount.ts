import type { AppDescription } from "../../pod/engine.ts";
import type { unitFile } from "../../unit/unit-file.ts";
import { appRoot, lowerPath, writablePath } from "./names.ts";

/** The overlay is mounted by the pod's own PID 1, so it lives in the pod's mount namespace and goes with it. */
export function rootMount(app: AppDescription, copied: boolean): Parameters<typeof unitFile>[0] {
  const lower = app.layers.map((_, index) => lowerPath(app.name, index)).join(":");
  const writable = writablePath(app.name);
  if (copied)
    return {
      Unit: [["DefaultDependencies", "no"]],
      Mount: [
        ["What", `${writable}/upper`, "The start has copied the image's trees there"],
        ["Where", appRoot(app.name)],
        ["Type", "none"],
        ["Options", "bind"],
      ],
    };
  return {
    Unit: [["DefaultDependencies", "no"]],
    Mount: [
      ["What", "overlay"],
      ["Where", appRoot(app.name)],
      ["Type", "overlay"],
      ["Options", `lowerdir=${lower},upperdir=${writable}/upper,workdir=${writable}/work,userxattr`],
    ],
  };
}
