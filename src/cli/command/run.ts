import type { CommandDeclaration } from "../declaration.ts";

export const runCommand: CommandDeclaration = {
  name: "run",
  summary: "Run apps of images in a new pod",
  description: [
    "Makes a pod of the images and runs it: in the foreground until its apps have ended, with the status of the first that failed; as the main process of a unit the engine takes rkt's place.",
  ],
  arguments: [{ name: "IMAGE", variadic: true }],
  examples: [{ command: "rkt run coreos.com/etcd:v3.5 -- --name=a", text: "Run one app with an argument" }],
  root: true,
  ownParser: true,
  run: () => import("../run/run.ts"),
};
