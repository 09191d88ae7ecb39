import type { CommandDeclaration } from "../declaration.ts";
import { prettyPrintOption } from "../declaration.ts";

export const imageCatManifestCommand: CommandDeclaration = {
  name: "cat-manifest",
  summary: "Print the manifest of an image",
  description: ["Prints the image manifest of an image of the store as JSON."],
  arguments: [{ name: "IMAGE", completes: ["images"] }],
  options: [prettyPrintOption],
  examples: [{ command: "rkt image cat-manifest coreos.com/etcd", text: "Print what the image says about itself" }],
  schema: "image-manifest",
  root: false,
  onlyPrints: true,
  run: () => import("../run/image-cat-manifest.ts"),
};
