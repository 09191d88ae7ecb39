import type { CommandDeclaration } from "../declaration.ts";

export const podVerifyCommand: CommandDeclaration = {
  name: "verify",
  summary: "Check declarations of pods",
  description: [
    "Reads the declarations of the named pods, or the given files, or all of them, and prints what is wrong with file and line. Nothing is fetched or changed. Warnings alone are no failure.",
  ],
  arguments: [{ name: "NAME|FILE", completes: ["declarations", "files"], optional: true, variadic: true }],
  examples: [
    { command: "rkt pod verify", text: "Check all declarations" },
    { command: "rkt pod verify ./web.pod", text: "Check a file before it is installed" },
  ],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one declaration is wrong" }],
  root: false,
  run: () => import("../run/pod-verify.ts"),
};
