import type { CommandDeclaration } from "../declaration.ts";

export const imageRmCommand: CommandDeclaration = {
  name: "rm",
  summary: "Remove images from the store",
  description: [
    "Removes each image and its rendered tree. An image that a generation of a pod needs is refused, also of one of rkt run that has ended and is not removed yet; one image that cannot be removed does not stop the rest.",
  ],
  arguments: [{ name: "IMAGE", completes: ["images"], variadic: true }],
  examples: [
    { command: "rkt image rm sha512-a03f6bad952b", text: "Remove one image by the beginning of its ID" },
    { command: "rkt image rm coreos.com/etcd:v3.5", text: "Remove one image by name" },
  ],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one image was not removed" }],
  root: true,
  run: () => import("../run/image-rm.ts"),
};
