import type { CommandDeclaration } from "../declaration.ts";
import { treeOptions } from "../tree-options.ts";

export const imageRenderCommand: CommandDeclaration = {
  name: "render",
  summary: "Write an image with its dependencies to a directory",
  description: [
    "Writes what an app of the image sees as its root: the image's files over those of its dependencies. DIR holds the manifest and the directory rootfs then. It appears whole, or not at all; owners, devices and capabilities are those of the image.",
  ],
  arguments: [
    { name: "IMAGE", completes: ["images"] },
    { name: "DIR", completes: ["directories"] },
  ],
  options: treeOptions,
  examples: [
    { command: "rkt image render --rootfs-only coreos.com/etcd /srv/etcd", text: "Make /srv/etcd the root of an app of the image" },
  ],
  root: true,
  run: () => import("../run/image-render.ts"),
};
