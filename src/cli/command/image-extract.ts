import type { CommandDeclaration } from "../declaration.ts";
import { treeOptions } from "../tree-options.ts";

export const imageExtractCommand: CommandDeclaration = {
  name: "extract",
  summary: "Write the files of one image to a directory",
  description: [
    "Writes the image's own files, without those of its dependencies. DIR holds the manifest and the directory rootfs then. It appears whole, or not at all; owners, devices and capabilities are those of the image.",
  ],
  arguments: [
    { name: "IMAGE", completes: ["images"] },
    { name: "DIR", completes: ["directories"] },
  ],
  options: treeOptions,
  examples: [
    { command: "rkt image extract --rootfs-only coreos.com/etcd /srv/etcd", text: "Make /srv/etcd the root of an app of the image" },
  ],
  root: true,
  run: () => import("../run/image-extract.ts"),
};
