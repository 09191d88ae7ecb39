import type { CommandDeclaration } from "../declaration.ts";

export const completionCommand: CommandDeclaration = {
  name: "completion",
  summary: "Print the completion script of a shell",
  description: [
    "Prints the script that completes rkt's commands, options, pods, images and apps in a shell, for shells that do not find it where the package installs it.",
  ],
  arguments: [{ name: "bash|zsh|fish", choices: ["bash", "zsh", "fish"] }],
  examples: [{ command: "rkt completion bash", text: "Print the script for bash" }],
  root: false,
  onlyPrints: true,
  run: () => import("../run/completion.ts"),
};
