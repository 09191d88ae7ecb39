import type { CommandDeclaration } from "../declaration.ts";
import { podApplyCommand } from "./pod-apply.ts";
import { podBootCommand } from "./pod-boot.ts";
import { podCatCommand } from "./pod-cat.ts";
import { podJudgeCommand } from "./pod-judge.ts";
import { podListCommand } from "./pod-list.ts";
import { podRmCommand } from "./pod-rm.ts";
import { podRollbackCommand } from "./pod-rollback.ts";
import { podVerifyCommand } from "./pod-verify.ts";

export const podCommand: CommandDeclaration = {
  name: "pod",
  summary: "Operate on declared pods",
  description: [
    "A pod is declared by NAME.pod in /etc/rkt/pods.d, /run/rkt/pods.d or /usr/lib/rkt/pods.d (see rkt.pod(5)), applied by rkt pod apply, and then started, stopped and enabled by systemctl as rkt-pod@NAME.service.",
  ],
  examples: [{ command: "rkt pod apply etcd", text: "Make the declared pod etcd startable" }],
  root: false,
  commands: [
    podVerifyCommand,
    podApplyCommand,
    podRollbackCommand,
    podListCommand,
    podCatCommand,
    podRmCommand,
    podBootCommand,
    podJudgeCommand,
  ],
};
