import type { CommandDeclaration } from "../declaration.ts";

const noAdHocPods = "it concerns pods of rkt run and rkt prepare, which this release does not have";

export const gcCommand: CommandDeclaration = {
  name: "gc",
  summary: "Remove what nothing refers to any more",
  description: [
    "Removes generations of pods that are neither applied, nor the one before, nor running, trees of images that are not in the store any more, what interrupted commands left, and journals of pods that are gone. rkt-gc.timer runs it.",
  ],
  options: [
    { name: "journal-keep", kind: "text", value: "DURATION", description: "Remove journals of pods that are gone for longer than this" },
    { name: "grace-period", kind: "text", value: "DURATION", description: "Keep ended pods so long", refused: noAdHocPods },
    { name: "expire-prepared", kind: "text", value: "DURATION", description: "Remove prepared pods after this", refused: noAdHocPods },
    { name: "mark-only", kind: "flag", description: "Mark ended pods only", refused: noAdHocPods },
  ],
  examples: [{ command: "rkt gc --journal-keep=30d", text: "What rkt-gc.timer runs" }],
  root: true,
  run: () => import("../run/gc.ts"),
};
