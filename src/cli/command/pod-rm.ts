import type { CommandDeclaration } from "../declaration.ts";

export const podRmCommand: CommandDeclaration = {
  name: "rm",
  summary: "Remove applied pods with their data",
  description: [
    "Disables and removes the units of each pod, its generations, writable layer and state volumes. Host volumes and the declaration are left alone. A pod that runs is refused.",
  ],
  arguments: [{ name: "NAME", completes: ["named"], variadic: true }],
  examples: [{ command: "rkt pod rm web", text: "Remove the stopped pod web" }],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one pod was not removed" }],
  root: true,
  run: () => import("../run/pod-rm.ts"),
};
