import type { CommandDeclaration } from "../declaration.ts";
import { formatOption, uuidFileOption } from "../declaration.ts";

export const statusCommand: CommandDeclaration = {
  name: "status",
  summary: "Print the state of a pod",
  description: [
    "Prints the pod's state, times, networks and process, one name=value a line, and the exit status of each app that has ended, with the reason where it did not start or was killed; for root, what the kernel said of a process that it killed (a forbidden system call, whose limit of memory was reached) comes from the host's journal. The time line says how far the last start came, and when: systemd, the engine, the pod's PID 1, its apps, ready; in a virtual machine the apps' steps are not seen, nor what its kernel said.",
    "--wait returns when the pod has ended, --wait-ready when it is ready or cannot become so any more. Without a value, and with a negative one, they wait for ever; 0 or false does not wait. When the time is over the state is printed all the same. A pod that does not run has ended; one that is still being made is waited for. As the main process of a unit that is not of Type=notify a pod counts as ready once it has started.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"], optional: true }],
  options: [
    { name: "wait", kind: "optional", value: "DURATION", description: "Wait until the pod has ended" },
    { name: "wait-ready", kind: "optional", value: "DURATION", description: "Wait until the pod is ready" },
    uuidFileOption,
    formatOption,
  ],
  examples: [
    { command: "rkt status etcd", text: "Print the state of the pod etcd" },
    { command: "rkt status --wait=30s 5a1c", text: "Wait at most half a minute for the end of a pod" },
  ],
  exitCodes: [{ code: "1", meaning: "the file of --uuid-file cannot be read" }],
  schema: "status",
  root: false,
  onlyPrints: true,
  run: () => import("../run/status.ts"),
};
