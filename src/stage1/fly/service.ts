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
    ["SyslogIdentifier", app.name],
    ["LogExtraFields", `RKT_APP=${app.name}`],
    ["KillSignal", app.stopSignal],
    ["TimeoutStopSec", `${app.stopTimeoutUsec}us`, "The app's own stop time"],
    ...(hasCopier(pod, app)
      ? ([
          [
            "KillMode",
            "control-group",
            "No ExecStop= runs after a failure: the copier, which heeds no signal, gets its time before SIGKILL, as the app's children do",
          ],
          ["ExecStop", quoteArgv(["/bin/sh", "-c", stopAndDrain(pod, app)]), "Waits for the rest of its output, too"],
          ["TimeoutStopSec", `${app.stopTimeoutUsec + 10_000_000}us`],
        ] as const)
      : []),
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

/** Its output goes through pipes that a process of its unit empties. */
export function hasCopier(pod: PodDescription, app: AppDescription): boolean {
  return pod.console?.kind === "pipes" || (pod.console === undefined && app.output === "pipe");
}

/** What is left in the pipes when the app has ended would be lost: systemd kills the rest of the unit at once. */
function stopAndDrain(pod: PodDescription, app: AppDescription): string {
  const turns = Math.ceil(app.stopTimeoutUsec / 50_000);
  const wait = (process: string, most: number): string =>
    `n=0; while kill -0 "${process}" 2>/dev/null && [ $n -lt ${most} ]; do sleep 0.05; n=$((n+1)); done`;
  const main = `kill -s ${app.stopSignal.replace(/^SIG/, "")} "$MAINPID"; ${wait("$MAINPID", turns)}; kill -s KILL "$MAINPID" 2>/dev/null`;
  return `if [ -n "\${MAINPID:-}" ]; then ${main}; fi; read -r copier < '${pod.paths.cgroup}.copier' && ${wait("$copier", 100)}`;
}
