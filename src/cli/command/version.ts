import type { CommandDeclaration } from "../declaration.ts";

export const versionCommand: CommandDeclaration = {
  name: "version",
  summary: "Print the versions of rkt and of what it was built with",
  description: ["Prints one line for each: rkt, the appc specification, Node, the system's architecture, and the features built in."],
  examples: [{ command: "rkt version", text: "Print all versions" }],
  root: false,
  onlyPrints: true,
  run: () => import("../run/version.ts"),
};
