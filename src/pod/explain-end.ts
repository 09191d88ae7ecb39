import { setupFailures } from "../base/exit-status.ts";
import { quoteText } from "../base/escape.ts";
import type { AppEnd } from "./app-ends.ts";

/** Why an app could not start or was ended, in one sentence; undefined where its exit status is its own affair. */
export function explainAppEnd(end: AppEnd | undefined, fault: string | undefined): string | undefined {
  if (end === undefined || end.result === "success") return undefined;
  if (end.code !== "exited") return explainSignal(end);
  const status = Number(end.status);
  if (status === 203)
    return fault ?? "the program cannot be executed: the image lacks its interpreter, or the app's user may not execute it";
  return setupFailures[status] ?? (end.result === "exit-code" ? undefined : explainResult(end.result ?? ""));
}

function explainSignal({ code, status, result = "" }: AppEnd): string {
  const said = explainResult(result);
  if (said !== undefined) return said;
  if (status === "SYS") return "killed by SIGSYS: it made a system call that its filter forbids (Seccomp=)";
  if (status === "KILL") return "killed by SIGKILL: by somebody, or by the kernel when the pod or the host ran out of memory";
  return code === "dumped" ? `crashed by SIG${status}` : `killed by SIG${status}`;
}

/** Whose limit it was that the kernel killed a process at; "slice": of a group above the pod's. */
export type MemoryLimit = "app" | "pod" | "slice" | "host";

const limits: Readonly<Record<MemoryLimit, string>> = {
  app: "it reached its own limit (Memory=, MemoryMax=)",
  pod: "the pod reached its limit ([Service] MemoryMax=)",
  slice: "the pod's slice reached its limit",
  host: "the host had none left",
};

/** Why an app was killed, where the kernel tells whose limit it was; `process` is the name that the killed one gave itself. */
export function explainOutOfMemory(limit: MemoryLimit, process: string): string {
  return `out of memory: ${limits[limit]}, and the kernel killed its process ${quoteText(process)}`;
}

/** The same of the pod as a whole; `whose` is the app that the process belonged to. */
export function explainPodOutOfMemory(limit: MemoryLimit, process: string, whose: string | undefined): string {
  const owner = whose === undefined ? "the pod's own process" : `app ${quoteText(whose)}, its process`;
  return `out of memory: ${limits[limit]}, and the kernel killed ${owner} ${quoteText(process)}`;
}

/** `call`: its name, or undefined where nobody knows the number; `foreign`: made by the numbers of another architecture. */
export function explainForbiddenCall(call: string | undefined, number: number, foreign: boolean): string {
  const shown = call === undefined ? `number ${number}` : quoteText(call);
  if (foreign) return `killed by SIGSYS: its filter forbids calls of other architectures, as it made call ${shown}`;
  return `killed by SIGSYS: its filter forbids the call ${shown} (Seccomp=)`;
}

const results: Readonly<Record<string, string>> = {
  "oom-kill":
    "out of memory: the kernel killed it at a limit of its own (Memory=, MemoryMax=), of the pod's ([Service] MemoryMax=), or of the host",
  watchdog: "it did not keep its watchdog alive (WatchdogSec=)",
  timeout: "it did not start or stop in time",
  protocol: "it ended without saying that it is ready",
  resources: "systemd lacks a resource for it, or a dependency failed; the journal of the unit tells which",
  "start-limit-hit": "it was started too often in a short time",
};

/** What a `Result=` of systemd.service means (systemd.exec(5), "$SERVICE_RESULT"); undefined for success and an exit status. */
export function explainResult(result: string): string | undefined {
  return Object.hasOwn(results, result) ? results[result] : undefined;
}
