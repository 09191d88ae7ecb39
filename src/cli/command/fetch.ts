import type { CommandDeclaration } from "../declaration.ts";

export const fetchCommand: CommandDeclaration = {
  name: "fetch",
  summary: "Verify images and put them into the store",
  description: [
    "Each IMAGE is the path of an .aci file, its file:// or https:// URL, or the name or ID of an image in the store. The signature is expected beside the file, with .asc added to its name.",
    "An image is stored only when its signature is good, made by a key that is trusted for the image's name (see rkt trust), and neither the key nor the signature is expired, revoked or weak. A file or URL is verified by its own signature each time it is read, also when its content is in the store; with --pull-policy=never, and with new for a URL, what the store has from there is taken as it is.",
    "An image for --stage1-hash and its like is fetched as any other; only one of the directory of stage1's images needs no signature, because root put it there. It may then isolate pods, not be an app of one.",
    "Prints the ID of each image on a line of its own.",
  ],
  arguments: [{ name: "IMAGE", completes: ["images", "files"], optional: true, variadic: true }],
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
    { name: "stage1-url", kind: "text", value: "URL", description: "Fetch the image of a stage1 as well" },
    { name: "stage1-path", kind: "text", value: "FILE", description: "The same from a file" },
    { name: "stage1-name", kind: "text", value: "NAME", description: "The same by name; it has to be in the store" },
    { name: "stage1-hash", kind: "text", value: "HASH", description: "The same by ID; it has to be in the store" },
    {
      name: "stage1-from-dir",
      kind: "text",
      value: "NAME",
      description: "The same from a file in /usr/lib/rkt/stage1-images, or where paths.d says; it needs no signature",
    },
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
