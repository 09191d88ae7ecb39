import type { AppDescription, PodDescription } from "../../pod/engine.ts";
import { quoteArgv } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";
import { isolatorLines } from "./isolators.ts";

/** The pod's unit is the app's: what stands in the pod for other engines stands here. */
export function serviceLines(pod: PodDescription, app: AppDescription): EntryInput[] {
  return [
    ...(pod.job ? ([["Type", "oneshot", "A job: start waits for its end"]] as const) : []),
    ...(app.notify ? ([["NotifyAccess", "all", "The app says when it is ready, or a child of it"]] as const) : []),
    ...(app.watchdogUsec === undefined ? [] : [["WatchdogSec", `${app.watchdogUsec}us`] as const]),
    ["Delegate", "no", "No systemd inside: the control group is the app's"],
    ["SyslogIdentifier", app.name],
    ["LogExtraFields", `RKT_APP=${app.name}`],
    ["KillSignal", app.stopSignal],
    ["TimeoutStopSec", `${app.stopTimeoutUsec}us`, "The app's own stop time"],
    ...restartLines(app),
    ...isolatorLines(app.isolators),
    ...app.directives.map(([key, value]): EntryInput => [key, value]),
    ...(app.reloadSignal === undefined
      ? []
      : [["ExecReload", quoteArgv(["/bin/sh", "-c", `kill -s ${app.reloadSignal.replace(/^SIG/, "")} "$MAINPID"`])] as const]),
  ];
}

function restartLines(app: AppDescription): EntryInput[] {
  if (app.restart === "no") return [];
  return [["Restart", app.restart], ...(app.restartUsec === undefined ? [] : [["RestartSec", `${app.restartUsec}us`] as const])];
}
