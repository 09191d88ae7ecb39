import type { CommandDeclaration } from "../declaration.ts";

export const imageGcCommand: CommandDeclaration = {
  name: "gc",
  summary: "Remove images that nothing needs",
  description: [
    "Removes rendered trees that no pod mounts, then images that no pod needs and that were not used for the grace period. What a generation of an applied pod or an ad-hoc pod refers to stays, whether the pod runs or not.",
  ],
  options: [
    { name: "grace-period", kind: "text", value: "DURATION", fallback: "24h", description: "Keep images that were used within this time" },
  ],
  examples: [{ command: "rkt image gc --grace-period=0s", text: "Remove all images that no pod needs" }],
  root: true,
  run: () => import("../run/image-gc.ts"),
};
