import type { CommandDeclaration } from "../declaration.ts";

export const fetchCommand: CommandDeclaration = {
  name: "fetch",
  summary: "Verify images and put them into the store",
  description: [
    "Each IMAGE is the path of an .aci file, its file:// or https:// URL, or the name or ID of an image in the store. The signature is expected beside the file, with .asc added to its name.",
    "An image is stored only when its signature is good, made by a key that is trusted for the image's name (see rkt trust), and neither the key nor the signature is expired, revoked or weak. A file or URL is verified by its own signature each time, also when its content is in the store.",
    "Prints the ID of each image on a line of its own.",
  ],
  arguments: [{ name: "IMAGE", variadic: true }],
  options: [
    { name: "full", kind: "flag", description: "Print whole image IDs" },
    { name: "signature", kind: "text", value: "FILE", description: "Local file with the detached signature; for exactly one image" },
    {
      name: "pull-policy",
      kind: "text",
      value: "POLICY",
      choices: ["never", "new", "update"],
      fallback: "update",
      description: "Whether the store is asked first",
    },
    { name: "store-only", kind: "flag", hidden: true, description: "Old name of --pull-policy=never" },
    { name: "no-store", kind: "flag", hidden: true, description: "Old name of --pull-policy=update" },
    ...["stage1-url", "stage1-path", "stage1-name", "stage1-hash", "stage1-from-dir"].map((name) => ({
      name,
      kind: "text" as const,
      description: "Stage1 to fetch",
      refused: "this release has no stage1 images",
    })),
  ],
  examples: [
    { command: "rkt fetch ./etcd.aci", text: "Store a local image; ./etcd.aci.asc holds its signature" },
    {
      command: "rkt fetch --signature=etcd.sig https://example.com/etcd.aci",
      text: "Download an image and verify it by a local signature",
    },
    {
      command: "rkt --insecure-options=image fetch ./mine.aci",
      text: "Store an image without verifying it; no pod can be applied with it",
    },
  ],
  root: true,
  stopAtArgument: true,
  run: () => import("../run/fetch.ts"),
};
