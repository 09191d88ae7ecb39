import type { CommandDeclaration } from "../declaration.ts";

export const imageExportCommand: CommandDeclaration = {
  name: "export",
  summary: "Write an image of the store to a file",
  description: ["Writes the image as an uncompressed ACI, whose digest is its image ID. Dependencies are not in it."],
  arguments: [
    { name: "IMAGE", completes: ["images"] },
    { name: "FILE", completes: ["files"] },
  ],
  options: [{ name: "overwrite", kind: "flag", description: "Replace FILE where it exists" }],
  examples: [{ command: "rkt image export coreos.com/etcd etcd.aci", text: "Write an image to etcd.aci" }],
  root: false,
  run: () => import("../run/image-export.ts"),
};
