import type { CommandDeclaration } from "../declaration.ts";

export const podJudgeCommand: CommandDeclaration = {
  name: "judge",
  summary: "Make the verdicts of all applied pods again",
  description: ["Compares the stored facts of each applied pod's images with today's keys. rkt-verdicts.service runs it when keys change."],
  examples: [{ command: "rkt pod judge", text: "What rkt-verdicts.service runs" }],
  root: true,
  hidden: true,
  refusesInsecure: true,
  run: () => import("../run/pod-judge.ts"),
};
