import type { CommandDeclaration } from "../declaration.ts";
import { formatOption, noLegendOption } from "../declaration.ts";

export const listCommand: CommandDeclaration = {
  name: "list",
  summary: "List pods and their apps",
  description: [
    "Prints each pod, named or of rkt run and rkt prepare, with its apps, their images, the pod's state, times and networks. It reads files only: members of the group rkt may call it.",
    "Pods that cannot be read are reported on standard error and do not change the exit status.",
  ],
  options: [{ name: "full", kind: "flag", description: "Print whole UUIDs and times, and the image IDs" }, noLegendOption, formatOption],
  examples: [
    { command: "rkt list", text: "List the pods of this host" },
    { command: "rkt list --format=json-pretty", text: "The same for programs" },
  ],
  schema: "list",
  root: false,
  onlyPrints: true,
  run: () => import("../run/list.ts"),
};
