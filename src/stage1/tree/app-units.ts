import { hasTerminal } from "../../spec/app-streams.ts";
import { enterDropInDirectory } from "../../systemd/enter-names.ts";
import { terminalUnit } from "../../systemd/terminal-names.ts";
import type { AppDescription, PlanFile, PodDescription } from "../../pod/engine.ts";
import { escapeSpecifiers, quoteArgv } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";
import { appsBefore } from "./app-order.ts";
import { serializeUnitFile, unitFile } from "../../unit/unit-file.ts";
import { appUnit, postStopUnit, preStartUnit, reloadUnit, socketUnit, unitDirectory } from "./names.ts";
import { sandboxLines } from "./sandbox.ts";
import { outputReader, outputsOf, streamLines } from "./streams.ts";

/** Everything of one app in the pod's unit directory. */
export function appUnits(pod: PodDescription, app: AppDescription): PlanFile[] {
  const files = [unitText(appUnit(app.name), appService(pod, app))];
  if (app.preStart !== undefined) files.push(unitText(preStartUnit(app.name), preStart(app, app.preStart)));
  if (app.postStop !== undefined) files.push(unitText(postStopUnit(app.name), postStop(app, app.postStop)));
  for (const pipe of outputsOf(pod, app)) files.push(unitText(pipe.unit, outputReader(app, pipe)));
  if (app.reloadSignal !== undefined) files.push(unitText(reloadUnit(app.name), reload(app, app.reloadSignal)));
  const enter = enterDropInDirectory(app.name);
  files.push(
    { kind: "directory", path: `${root}/${enter}`, mode: 0o755 },
    unitText(`${enter}/sandbox.conf`, { Service: [...sandboxLines(app)] }),
  );
  return files;
}

type Sections = Parameters<typeof unitFile>[0];

const root = `stage1/rootfs/${unitDirectory}`;

function unitText(name: string, sections: Sections): PlanFile {
  return { kind: "file", path: `${root}/${name}`, mode: 0o644, content: serializeUnitFile(unitFile(sections)) };
}

function appService(pod: PodDescription, app: AppDescription): Sections {
  const sockets = socketsOf(pod, app);
  return {
    Unit: unitLines(pod, app, sockets),
    Service: [
      ["Type", app.notify ? "notify" : "exec"],
      ...(app.notify
        ? ([
            ["NotifyAccess", "all"],
            ["TimeoutStartSec", "infinity"],
          ] as const)
        : []),
      ...(app.watchdogUsec === undefined ? [] : [["WatchdogSec", `${app.watchdogUsec}us`] as const]),
      ["ExecStart", quoteArgv(app.exec)],
      ...userLines(app),
      ["WorkingDirectory", workingDirectory(app)],
      ...sandboxLines(app),
      ...credentialLines(app),
      ...streamLines(pod, app),
      ...(sockets.length === 0 ? [] : [["Sockets", sockets.join(" ")] as const]),
      ...restartLines(app),
      ["KillMode", "mixed"],
      ["KillSignal", app.stopSignal],
      ["TimeoutStopSec", `${app.stopTimeoutUsec}us`],
    ],
  };
}

function unitLines(pod: PodDescription, app: AppDescription, sockets: readonly string[]): EntryInput[] {
  const handlers = [
    ...(app.preStart === undefined ? [] : [preStartUnit(app.name)]),
    ...(app.postStop === undefined ? [] : [postStopUnit(app.name)]),
  ];
  const output = outputsOf(pod, app).map(({ unit }) => unit);
  const terminal = hasTerminal(app.streams) ? [terminalUnit(app.name)] : [];
  const journal = ["systemd-journald.socket", "systemd-journald-dev-log.socket"];
  const needed = [...handlers, ...sockets, ...terminal, ...journal];
  return [
    ["Description", `Application=${app.name} Image=${app.image.name}`],
    ["DefaultDependencies", "no"],
    ["Wants", "rkt_apps.target"],
    ...output.map((unit): EntryInput => [
      "Wants",
      unit,
      "Not required: it restarts when the last writer ends, and would restart an app that is just ending",
    ]),
    ...broughtBack(pod, app),
    ["Requires", needed.join(" ")],
    ...(app.requires.length === 0
      ? []
      : [["BindsTo", app.requires.map(appUnit).join(" "), "Requires= alone would not end it when they end by themselves"] as const]),
    ["After", ["rkt_apps.target", ...needed, ...output, ...appsBefore(pod.apps, app).map((other) => appUnit(other.name))].join(" ")],
    ["Conflicts", "rkt_pod-exit.service"],
    ["Before", "rkt_pod-exit.service rkt_ready-hold.service"],
    ...endLines(app),
    ...limitLines(app, sockets),
  ];
}

/** Those with another Restart= may have ended well, and stay ended. */
function broughtBack(pod: PodDescription, app: AppDescription): EntryInput[] {
  const bound = pod.apps.filter(({ requires, restart }) => restart === "always" && requires.includes(app.name));
  if (app.restart === "no" || bound.length === 0) return [];
  const units = bound.map(({ name }) => appUnit(name)).join(" ");
  return [["Wants", units, "systemd 252 stops them for good when this one is restarted"]];
}

/** The first failing app ends the pod with its status; one that is restarted inside the pod only when it has failed for good. */
function endLines(app: AppDescription): EntryInput[] {
  const ended = [
    "OnSuccess",
    `rkt_ended@${app.name}.service`,
    "Not the same unit for both: it would not be told how the app ended",
  ] as const;
  if (app.restart === "no") return [ended, ["OnFailure", `rkt_failed@${app.name}.service`], ["FailureAction", "exit"]];
  return [ended, ["OnFailure", `rkt_gave-up@${app.name}.service`]];
}

/** How often it may be started: after a failure, or by connections, which come again and again to an app that exits when idle. */
function limitLines(app: AppDescription, sockets: readonly string[]): EntryInput[] {
  if (app.restart === "no" && sockets.length === 0) return [];
  return [
    ["StartLimitIntervalSec", "10s"],
    ["StartLimitBurst", sockets.length === 0 ? "5" : "100"],
  ];
}

function restartLines(app: AppDescription): EntryInput[] {
  if (app.restart === "no") return [["Restart", "no"]];
  return [
    ["Restart", app.restart],
    ["RestartSec", app.restartUsec === undefined ? undefined : `${app.restartUsec}us`],
    ["RestartMode", "direct", "OnFailure= is for the last failure: systemd 254 and later would trigger it at each one"],
  ];
}

function preStart(app: AppDescription, argv: readonly string[]): Sections {
  return {
    Unit: [
      ...handlerUnit(app, "pre-start"),
      ["Before", `${appUnit(app.name)} rkt_pod-exit.service`],
      ["OnFailure", `rkt_failed@${preStartUnit(app.name)}`],
      ["FailureAction", "exit"],
    ],
    Service: [["Type", "oneshot"], ["RemainAfterExit", "yes"], ["ExecStart", quoteArgv(argv)], ...handlerLines(app)],
  };
}

/** Started with the app, doing nothing; stopped, and thereby run, when the app has ended and nothing needs it any more. */
function postStop(app: AppDescription, argv: readonly string[]): Sections {
  return {
    Unit: [
      ...handlerUnit(app, "post-stop"),
      ["Before", `${appUnit(app.name)} rkt_pod-exit.service`],
      ["StopWhenUnneeded", "yes"],
      ["Wants", "rkt_apps.target"],
    ],
    Service: [
      ["Type", "oneshot"],
      ["RemainAfterExit", "yes"],
      ["ExecStop", quoteArgv(argv)],
      ...handlerLines(app),
      ["TimeoutStopSec", `${app.stopTimeoutUsec}us`],
    ],
  };
}

function handlerUnit(app: AppDescription, kind: string): EntryInput[] {
  const needed = "systemd-journald.socket systemd-journald-dev-log.socket";
  return [
    ["Description", `Handler ${kind} of app ${app.name}`],
    ["DefaultDependencies", "no"],
    ["Requires", needed],
    ["After", `${needed} rkt_apps.target`],
    ["Conflicts", "rkt_pod-exit.service"],
  ];
}

/** Handlers run as root within the app's limits, as the original's since 1.30. */
function handlerLines(app: AppDescription): EntryInput[] {
  return [
    ["User", "0"],
    ["Group", "0"],
    ["WorkingDirectory", workingDirectory(app)],
    ...sandboxLines({ ...app, output: "journal" }),
    ...credentialLines(app),
    ["SyslogIdentifier", app.name],
  ];
}

function userLines(app: AppDescription): EntryInput[] {
  const groups = app.supplementaryGids.join(" ");
  return [["User", String(app.uid)], ["Group", String(app.gid)], ...(groups === "" ? [] : [["SupplementaryGroups", groups] as const])];
}

/** From those that the pod's manager got; other apps do not see them. */
function credentialLines(app: AppDescription): EntryInput[] {
  return (app.credentials ?? []).map((name) => ["LoadCredential", name]);
}

function workingDirectory(app: AppDescription): string {
  return escapeSpecifiers(app.workingDirectory);
}

function reload(app: AppDescription, signal: string): Sections {
  return {
    Unit: [
      ["Description", `Reload of app ${app.name}`],
      ["DefaultDependencies", "no"],
    ],
    Service: [
      ["Type", "oneshot"],
      ["ExecStart", `/usr/bin/systemctl kill --kill-who=main --signal=${signal} ${appUnit(app.name)}`],
    ],
  };
}

function socketsOf(pod: PodDescription, app: AppDescription): string[] {
  return pod.sockets.filter((socket) => socket.app === app.name).map((socket) => socketUnit(socket.name));
}
