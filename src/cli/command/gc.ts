import type { CommandDeclaration } from "../declaration.ts";

export const gcCommand: CommandDeclaration = {
  name: "gc",
  summary: "Remove what nothing refers to any more",
  description: [
    "Marks pods of rkt run that have ended and removes those that were marked longer ago than the grace period, with all that they left; also prepared pods that nobody has run, and what was cut short. What runs is never touched.",
    "Removes generations of pods that are neither applied, nor the one before, nor running, trees of images that are not in the store any more, and what interrupted commands left; with --journal-keep also journals of pods that are gone for longer. rkt-gc.timer runs it twice a day.",
  ],
  options: [
    { name: "journal-keep", kind: "text", value: "DURATION", description: "Remove journals of pods that are gone for longer than this" },
    {
      name: "grace-period",
      kind: "text",
      value: "DURATION",
      fallback: "30m",
      description: "Keep ended pods so long after they were marked",
    },
    {
      name: "expire-prepared",
      kind: "text",
      value: "DURATION",
      fallback: "24h",
      description: "Remove prepared pods that nobody has run for so long",
    },
    { name: "mark-only", kind: "flag", description: "Mark ended pods, remove nothing" },
  ],
  examples: [
    { command: "rkt gc --grace-period=0s", text: "Remove all that has ended" },
    { command: "rkt gc --grace-period=24h --journal-keep=30d", text: "What rkt-gc.timer runs" },
  ],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one pod could not be marked or removed; the others were" }],
  root: true,
  run: () => import("../run/gc.ts"),
};
