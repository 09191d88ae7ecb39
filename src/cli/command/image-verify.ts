import type { CommandDeclaration } from "../declaration.ts";

export const imageVerifyCommand: CommandDeclaration = {
  name: "verify",
  summary: "Check the rendered trees of images",
  description: [
    "Compares the stored archive with the image's ID and the rendered tree with its digest. A tree that differs is rendered again.",
  ],
  arguments: [{ name: "IMAGE", completes: ["images"], variadic: true }],
  examples: [{ command: "rkt image verify coreos.com/etcd", text: "Check one image" }],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one image could not be checked" }],
  root: true,
  run: () => import("../run/image-verify.ts"),
};
