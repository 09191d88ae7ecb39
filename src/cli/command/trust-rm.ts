import type { CommandDeclaration } from "../declaration.ts";

export const trustRmCommand: CommandDeclaration = {
  name: "rm",
  summary: "Stop trusting keys",
  description: [
    "Removes keys by fingerprint, or by as much of its beginning or end as is unambiguous. Without --prefix and --root the key is removed everywhere. A key that the system's directory brings is masked by an empty file.",
    "Afterwards the verdicts of all applied pods are made again: pods of images by this key do not start any more, pods that run keep running.",
  ],
  arguments: [{ name: "FINGERPRINT", completes: ["keys"], variadic: true }],
  options: [
    { name: "prefix", kind: "text", value: "PREFIX", description: "Only where the key is trusted for this prefix" },
    { name: "root", kind: "flag", description: "Only where the key is trusted for all images" },
  ],
  examples: [{ command: "rkt trust rm 8a12f2ab --prefix=coreos.com/etcd", text: "Stop trusting a key for one prefix" }],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one key was not removed" }],
  root: true,
  run: () => import("../run/trust-rm.ts"),
};
