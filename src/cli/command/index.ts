import type { CommandDeclaration } from "../declaration.ts";
import { attachCommand } from "./attach.ts";
import { catManifestCommand } from "./cat-manifest.ts";
import { completeCommand } from "./complete.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config.ts";
import { enterCommand } from "./enter.ts";
import { exportCommand } from "./export.ts";
import { fetchCommand } from "./fetch.ts";
import { gcCommand } from "./gc.ts";
import { helpCommand } from "./help.ts";
import { imageCommand } from "./image.ts";
import { listCommand } from "./list.ts";
import { logsCommand } from "./logs.ts";
import { podCommand } from "./pod.ts";
import { prepareCommand } from "./prepare.ts";
import { rmCommand } from "./rm.ts";
import { runCommand } from "./run.ts";
import { runPreparedCommand } from "./run-prepared.ts";
import { statusCommand } from "./status.ts";
import { stopCommand } from "./stop.ts";
import { topCommand } from "./top.ts";
import { trustCommand } from "./trust.ts";
import { versionCommand } from "./version.ts";

/** `rkt` itself: the tree of all commands. A new command is one file and one line here (or in its group). */
export const rootCommand: CommandDeclaration = {
  name: "rkt",
  summary: "pods of signed images under systemd",
  description: [
    "rkt runs pods: groups of apps from signed images, under an isolation that is chosen per pod, supervised by systemd and by nothing else. It plans, systemd runs: there is no daemon.",
  ],
  examples: [
    { command: "rkt trust --prefix=coreos.com/etcd key.asc", text: "Say whose images may run here" },
    { command: "rkt pod apply etcd", text: "Make the pod that /etc/rkt/pods.d/etcd.pod declares startable" },
    { command: "systemctl start rkt-pod@etcd", text: "Start it" },
  ],
  root: false,
  commands: [
    runCommand,
    prepareCommand,
    runPreparedCommand,
    podCommand,
    listCommand,
    statusCommand,
    topCommand,
    logsCommand,
    enterCommand,
    attachCommand,
    stopCommand,
    rmCommand,
    gcCommand,
    exportCommand,
    catManifestCommand,
    fetchCommand,
    imageCommand,
    trustCommand,
    configCommand,
    completionCommand,
    completeCommand,
    versionCommand,
    helpCommand,
  ],
};
