import type { CommandDeclaration } from "../declaration.ts";
import { uuidFileOption } from "../declaration.ts";

export const stopCommand: CommandDeclaration = {
  name: "stop",
  summary: "Stop running pods",
  description: [
    "Stops the units of the pods and waits for their end. Prints the UUID of each stopped pod. A pod that has ended already is no failure.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"], optional: true, variadic: true }],
  options: [
    { name: "force", kind: "flag", description: "Kill all processes of the pods at once (their units then end as failed)" },
    uuidFileOption,
  ],
  examples: [{ command: "rkt stop etcd", text: "Stop one pod" }],
  exitCodes: [
    { code: "1", meaning: "the file of --uuid-file cannot be read" },
    { code: "254", meaning: "rkt failed, or at least one pod was not stopped" },
  ],
  root: true,
  run: () => import("../run/stop.ts"),
};
