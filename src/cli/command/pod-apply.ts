import type { CommandDeclaration } from "../declaration.ts";

export const podApplyCommand: CommandDeclaration = {
  name: "apply",
  summary: "Make declared pods startable",
  description: [
    "Resolves and verifies the images of each pod, renders them, writes a new generation of the pod and its units, and commits that by one rename. Prints what changed and the command that makes it run. Applying what is applied changes nothing.",
    "Nothing is enabled, started, stopped or restarted: a pod that runs keeps its generation until systemctl restarts it.",
    "Without NAME all declared pods are applied, and pods that are not declared any more are un-applied when they are stopped: their units are disabled and removed, data and UUID stay. Nothing is un-applied when the directories hold no declaration at all, unless --prune says so.",
  ],
  arguments: [{ name: "NAME", completes: ["declarations"], optional: true, variadic: true }],
  options: [
    { name: "dry-run", kind: "flag", description: "Print the plan and change nothing but the store, which gets the images" },
    { name: "prune", kind: "flag", description: "Un-apply also when no pod is declared at all" },
    {
      name: "pull",
      kind: "text",
      value: "POLICY",
      choices: ["new", "never", "update"],
      description: "Whether images are looked for outside the store, instead of what Pull= says",
    },
  ],
  examples: [
    { command: "rkt pod apply etcd", text: "Apply one pod" },
    { command: "rkt pod apply --dry-run", text: "Show what applying all pods would change" },
    { command: "rkt pod apply --pull=update web", text: "Fetch again what Image= names by a path or URL" },
  ],
  exitCodes: [{ code: "254", meaning: "rkt failed, or at least one pod was refused; the others were applied" }],
  root: true,
  refusesInsecure: true,
  run: () => import("../run/pod-apply.ts"),
};
