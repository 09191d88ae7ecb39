import type { CommandDeclaration } from "../declaration.ts";

export const completeCommand: CommandDeclaration = {
  name: "complete",
  summary: "List what a shell may complete",
  description: [
    "Prints names and IDs of images that begin with the given text, or the apps of a pod, one a line. The completion scripts call it. What a shell would read as more than a word is left out.",
  ],
  arguments: [{ name: "images|apps" }, { name: "TEXT|POD", optional: true }],
  examples: [{ command: "rkt complete apps etcd", text: "What a shell offers behind rkt enter --app=" }],
  root: false,
  hidden: true,
  onlyPrints: true,
  run: () => import("../run/complete.ts"),
};
