import type { CommandDeclaration } from "../declaration.ts";

export const podRollbackCommand: CommandDeclaration = {
  name: "rollback",
  summary: "Go back to the generation before",
  description: [
    "Commits the generation that was applied before the present one. The declaration stays as it is, so rkt pod list shows the pod as out of date. A second rollback returns to where the first began.",
  ],
  arguments: [{ name: "NAME", completes: ["named"] }],
  examples: [{ command: "rkt pod rollback web", text: "Undo the last rkt pod apply web" }],
  exitCodes: [{ code: "254", meaning: "rkt failed, or the generation may not start" }],
  root: true,
  refusesInsecure: true,
  run: () => import("../run/pod-rollback.ts"),
};
