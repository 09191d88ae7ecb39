import type { CommandDeclaration } from "../declaration.ts";
import { prettyPrintOption, uuidFileOption } from "../declaration.ts";

export const catManifestCommand: CommandDeclaration = {
  name: "cat-manifest",
  summary: "Print the manifest of a pod",
  description: [
    "Prints the appc pod manifest that the pod's declaration was compiled to, as JSON. Only root may read it: an environment may hold secrets.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"], optional: true }],
  options: [prettyPrintOption, uuidFileOption],
  examples: [{ command: "rkt cat-manifest etcd", text: "Print the manifest of the pod etcd" }],
  schema: "pod-manifest",
  root: true,
  onlyPrints: true,
  run: () => import("../run/cat-manifest.ts"),
};
