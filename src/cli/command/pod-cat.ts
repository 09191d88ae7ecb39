import type { CommandDeclaration } from "../declaration.ts";

export const podCatCommand: CommandDeclaration = {
  name: "cat",
  summary: "Print a pod's declaration and units",
  description: ["Prints the pod's file with its drop-ins merged, and the units that were made of it, each with its path."],
  arguments: [{ name: "NAME", completes: ["declarations"] }],
  examples: [{ command: "rkt pod cat etcd", text: "Show what etcd.pod became" }],
  root: false,
  onlyPrints: true,
  run: () => import("../run/pod-cat.ts"),
};
