import { runtimeOptions } from "../ad-hoc/options.ts";
import type { CommandDeclaration } from "../declaration.ts";

export const runPreparedCommand: CommandDeclaration = {
  name: "run-prepared",
  summary: "Run a pod that was prepared",
  description: ["Runs the pod as rkt run does. Its images are verified again by today's keys."],
  arguments: [{ name: "UUID", completes: ["prepared"] }],
  options: runtimeOptions,
  examples: [{ command: "rkt run-prepared --net=host 5a1c", text: "With the host's network" }],
  exitCodes: [
    {
      code: "APP's",
      meaning: "the exit status of the first app that failed; 255 where a signal ended it, 128 + N in a virtual machine and under fly",
    },
  ],
  root: true,
  run: () => import("../run/run-prepared.ts"),
};
