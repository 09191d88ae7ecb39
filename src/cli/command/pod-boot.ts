import type { CommandDeclaration } from "../declaration.ts";

export const podBootCommand: CommandDeclaration = {
  name: "boot",
  summary: "Prepare applied pods after a boot of the host",
  description: [
    "Rolls half-written applies forward, resets what a power loss left, and makes all verdicts. rkt-boot.service runs it before sockets.target.",
  ],
  examples: [{ command: "rkt pod boot", text: "What rkt-boot.service runs" }],
  root: true,
  hidden: true,
  refusesInsecure: true,
  run: () => import("../run/pod-boot.ts"),
};
