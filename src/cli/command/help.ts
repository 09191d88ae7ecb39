import type { CommandDeclaration } from "../declaration.ts";

export const helpCommand: CommandDeclaration = {
  name: "help",
  summary: "Print help about rkt or one of its commands",
  description: [
    "Without an argument prints the list of commands. With the words of a command prints what it does, its options and exit statuses.",
  ],
  arguments: [{ name: "COMMAND", completes: ["commands"], optional: true, variadic: true }],
  examples: [
    { command: "rkt help", text: "List the commands" },
    { command: "rkt help pod apply", text: "Explain one command" },
  ],
  exitCodes: [{ code: "2", meaning: "there is no such command" }],
  root: false,
  onlyPrints: true,
  run: () => import("../run/help.ts"),
};
