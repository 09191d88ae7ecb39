import type { CommandDeclaration } from "../declaration.ts";
import { formatOption, noLegendOption } from "../declaration.ts";

export const topCommand: CommandDeclaration = {
  name: "top",
  summary: "Show what running pods and their apps use",
  description: [
    "Prints CPU, memory, tasks and bytes read and written of each pod that runs and of its apps, as the kernel counts them by control group. CPU is the share of one processor over the interval. A dash stands for what the host does not count. A pod in a virtual machine is its hypervisor, with all of the memory that its guest has used, without the servers of its volumes; its apps have dashes.",
    "On a terminal the table is drawn again after each interval, until it is interrupted; elsewhere, with --once, and as JSON it is printed once.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"], optional: true, variadic: true }],
  options: [
    { name: "interval", kind: "text", value: "DURATION", fallback: "2s", description: "How long CPU use is measured" },
    { name: "once", kind: "flag", description: "Print one table and end" },
    noLegendOption,
    formatOption,
  ],
  examples: [
    { command: "rkt top", text: "Watch all pods that run" },
    { command: "rkt top --interval=500ms --format=json etcd", text: "One measurement of one pod, for programs" },
  ],
  schema: "top",
  root: false,
  onlyPrints: true,
  run: () => import("../run/top.ts"),
};
