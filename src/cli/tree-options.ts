import type { OptionDeclaration } from "./declaration.ts";

/** Of the commands that write an image to a directory. */
export const treeOptions: readonly OptionDeclaration[] = [
  { name: "rootfs-only", kind: "flag", description: "DIR becomes the root file system itself, without a manifest" },
  { name: "overwrite", kind: "flag", description: "Replace DIR where it exists" },
];
