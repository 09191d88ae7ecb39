import type { CommandDeclaration } from "../declaration.ts";
import { formatOption, noLegendOption } from "../declaration.ts";

export const trustListCommand: CommandDeclaration = {
  name: "list",
  summary: "List the trusted keys",
  description: [
    "Prints each key with the prefix it is trusted for, where it lies and whose it is. A key that the administrator masked is shown as such.",
  ],
  options: [noLegendOption, formatOption],
  examples: [{ command: "rkt trust list", text: "Show whose images may run here" }],
  schema: "trust-list",
  root: false,
  onlyPrints: true,
  run: () => import("../run/trust-list.ts"),
};
