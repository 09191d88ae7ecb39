import type { CommandDeclaration } from "../declaration.ts";

export const prepareCommand: CommandDeclaration = {
  name: "prepare",
  summary: "Make a pod that run-prepared starts",
  description: ["Fetches, verifies and writes everything that a run needs, and prints the pod's UUID."],
  arguments: [{ name: "IMAGE", variadic: true }],
  examples: [{ command: "rkt prepare coreos.com/etcd:v3.5", text: "Make a pod to be run later" }],
  root: true,
  ownParser: true,
  run: () => import("../run/prepare.ts"),
};
