import type { CommandDeclaration } from "../declaration.ts";

export const exportCommand: CommandDeclaration = {
  name: "export",
  summary: "Write what an app made of its image to an ACI",
  description: [
    "Writes the root file system of an app, as its last run left it, as an image that stands by itself: the image's files and those of its dependencies with what the app wrote, changed and removed, but without volumes. The pod must have ended. A named pod keeps what an app wrote until the end of its next run. A pod in a virtual machine keeps nothing of it, and is refused.",
  ],
  arguments: [
    { name: "UUID|NAME", completes: ["pods"] },
    { name: "FILE.aci", completes: ["files"] },
  ],
  options: [
    { name: "app", kind: "text", value: "NAME", completes: ["apps"], description: "The app, where the pod has several" },
    { name: "overwrite", kind: "flag", description: "Replace FILE.aci where it exists" },
  ],
  examples: [{ command: "rkt export --app=etcd 5a1c etcd-used.aci", text: "Write the app etcd of an ended pod to a file" }],
  root: true,
  run: () => import("../run/export.ts"),
};
