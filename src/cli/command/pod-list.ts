import type { CommandDeclaration } from "../declaration.ts";
import { formatOption, noLegendOption } from "../declaration.ts";

export const podListCommand: CommandDeclaration = {
  name: "list",
  summary: "List declared and applied pods",
  description: [
    "Prints each declared or applied pod with its UUID, whether it runs, and whether its declaration changed since it was applied.",
  ],
  options: [{ name: "full", kind: "flag", description: "Print whole UUIDs and times" }, noLegendOption, formatOption],
  examples: [{ command: "rkt pod list", text: "List the pods of this host" }],
  schema: "pod-list",
  root: false,
  onlyPrints: true,
  run: () => import("../run/pod-list.ts"),
};
