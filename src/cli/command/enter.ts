import type { CommandDeclaration } from "../declaration.ts";

export const enterCommand: CommandDeclaration = {
  name: "enter",
  summary: "Run a command inside a running app",
  description: [
    "Runs CMD inside all limits of the app: its namespaces, control group, capabilities, system call filter and no-new-privileges, as the app's user. Without CMD it is /bin/bash, or /bin/sh, where the image has that. A name is looked up in the app's PATH. With a terminal for input and output the command gets one of the pod, else it gets the very files and pipes. SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to it. In a virtual machine bytes are relayed, eight commands run at once, and the third of these signals, or a terminal that is gone, ends rkt whatever the guest does.",
  ],
  arguments: [
    { name: "UUID|NAME", completes: ["pods"] },
    { name: "CMD", optional: true },
    { name: "ARGS", optional: true, variadic: true },
  ],
  options: [
    { name: "app", kind: "text", value: "APP", completes: ["apps"], description: "App to enter; needed where the pod has several" },
    { name: "user", kind: "text", value: "USER", description: "User of the app's image, by name or number, instead of the app's own" },
  ],
  examples: [
    { command: "rkt enter etcd", text: "A shell in the pod's only app" },
    { command: "rkt enter --app=web 5a1c /bin/ls -l /", text: "One command in one of several apps" },
  ],
  exitCodes: [
    { code: "CMD's", meaning: "the exit status of CMD" },
    { code: "128 + N", meaning: "signal N ended CMD" },
  ],
  root: true,
  stopAtArgument: true,
  run: () => import("../run/enter.ts"),
};
