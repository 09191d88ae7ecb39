import { prepareOptions } from "../ad-hoc/options.ts";
import type { CommandDeclaration } from "../declaration.ts";

export const prepareCommand: CommandDeclaration = {
  name: "prepare",
  summary: "Make a pod of images for rkt run-prepared",
  description: [
    "Fetches, verifies and lays out what rkt run would run, and prints the pod's UUID; rkt run-prepared starts it. The command line is that of rkt run, but for what run-prepared says.",
    "rkt gc removes a prepared pod that nobody has started within a day.",
  ],
  arguments: [{ name: "IMAGE", completes: ["images", "files"], variadic: true }],
  options: prepareOptions,
  examples: [{ command: "rkt prepare coreos.com/etcd:v3.5", text: "Prints a UUID" }],
  root: true,
  ownParser: true,
  run: () => import("../run/prepare.ts"),
};
