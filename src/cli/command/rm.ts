import type { CommandDeclaration } from "../declaration.ts";
import { uuidFileOption } from "../declaration.ts";

export const rmCommand: CommandDeclaration = {
  name: "rm",
  summary: "Remove pods that do not run",
  description: [
    "Removes each pod with its generations, writable layer and state volumes, and prints its UUID. A pod that runs is refused; one that cannot be removed does not stop the rest.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"], optional: true, variadic: true }],
  options: [uuidFileOption],
  examples: [{ command: "rkt rm 5a1c3f2e", text: "Remove the pod whose UUID begins so" }],
  exitCodes: [{ code: "254", meaning: "rkt failed, the file of --uuid-file cannot be read, or at least one pod was not removed" }],
  root: true,
  run: () => import("../run/rm.ts"),
};
