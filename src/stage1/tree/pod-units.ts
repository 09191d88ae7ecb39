import type { PlanFile, PodDescription, SocketDescription } from "../../pod/engine.ts";
import { sysctlsOf } from "../../pod/sysctls.ts";
import { escapeSpecifiers, quoteValue } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";
import { serializeUnitFile, unitFile } from "../../unit/unit-file.ts";
import { appUnit, reloadUnit, socketUnit, unitDirectory } from "./names.ts";

const listenKeys = { stream: "ListenStream", datagram: "ListenDatagram", sequential: "ListenSequentialPacket" } as const;

const root = `stage1/rootfs/${unitDirectory}`;

/** Generated units that concern all apps: the default target, the sockets, the pod's sysctls. */
export function podUnits(pod: PodDescription): PlanFile[] {
  const sysctl = sysctlsOf(pod).inside.length === 0 ? [] : [unitText("rkt_sysctl.service", sysctlService(pod))];
  return [
    unitText("default.target", defaultTarget(pod)),
    ...reloadTarget(pod),
    ...sysctl,
    ...pod.sockets.flatMap((socket) => socketFiles(socket)),
  ];
}

function unitText(name: string, sections: Parameters<typeof unitFile>[0]): PlanFile {
  return { kind: "file", path: `${root}/${name}`, mode: 0o644, content: serializeUnitFile(unitFile(sections)) };
}

/** Reached when all apps are started, or ready where they say so: then PID 1 tells the host READY=1. */
function defaultTarget(pod: PodDescription): Record<string, readonly EntryInput[]> {
  const apps = pod.apps.map((app) => appUnit(app.name));
  const sysctl = sysctlsOf(pod).inside.length === 0 ? [] : (["rkt_sysctl.service"] as const);
  return {
    Unit: [
      ["Description", "The apps of the pod"],
      ["DefaultDependencies", "no"],
      ...sysctl.map((unit): EntryInput => ["Requires", unit]),
      ["Wants", [...apps, "rkt_ready-hold.service"].join(" ")],
      ["After", [...apps, ...sysctl].join(" ")],
    ],
  };
}

/** PID 1 starts kbrequest.target when it gets SIGWINCH: so a reload from the host is one signal, and nothing enters the pod. */
function reloadTarget(pod: PodDescription): PlanFile[] {
  const reloads = pod.apps.filter((app) => app.reloadSignal !== undefined).map((app) => reloadUnit(app.name));
  if (reloads.length === 0) return [];
  const unit: readonly EntryInput[] = [
    ["Description", "Reload of the apps"],
    ["DefaultDependencies", "no"],
    ["Wants", reloads.join(" ")],
    ["StopWhenUnneeded", "yes", "So that the next signal starts it again"],
  ];
  return [unitText("kbrequest.target", { Unit: unit })];
}

/** Loaded before PID 1 hands out the descriptors it got, which it recognises by the same address. */
function socketFiles(socket: SocketDescription): PlanFile[] {
  const unit = socketUnit(socket.name);
  const sections = {
    Unit: [
      ["DefaultDependencies", "no"],
      ["OnFailure", "rkt_no-socket.service"],
    ],
    Socket: [
      ...socket.listen.map(({ kind, address }): EntryInput => [listenKeys[kind], escapeSpecifiers(address)]),
      ["FileDescriptorName", socket.name],
      ["Service", appUnit(socket.app)],
      ["TriggerLimitIntervalSec", "0", "As the host's"],
      ...socket.options.map(([key, value]): EntryInput => [key, value]),
    ],
  } satisfies Record<string, readonly EntryInput[]>;
  return [unitText(unit, sections), { kind: "symlink", path: `${root}/sockets.target.wants/${unit}`, target: `../${unit}` }];
}

/** nspawn's /proc/sys is read-only; a /proc of this unit's own is not, and the settings belong to the pod's namespaces. */
function sysctlService(pod: PodDescription): Record<string, readonly EntryInput[]> {
  const set = 'for item in "$$@"; do path=$$(echo "$${item%%%%=*}" | tr . /); echo "$${item#*=}" > "/proc/sys/$$path" || exit 1; done';
  const values = sysctlsOf(pod).inside.map(({ name, value }) => quoteValue(`${name}=${value}`).replaceAll("$", "$$$$"));
  return {
    Unit: [
      ["Description", "Kernel settings of the pod"],
      ["DefaultDependencies", "no"],
      ["Before", pod.apps.map((app) => appUnit(app.name)).join(" ")],
      ["FailureAction", "exit"],
    ],
    Service: [
      ["Type", "oneshot"],
      ["PrivateMounts", "yes"],
      ["ExecStart", `/bin/sh -c 'mount -t proc proc /proc; ${set}' sh ${values.join(" ")}`],
    ],
  };
}
