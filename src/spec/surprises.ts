import { quoteText } from "../base/escape.ts";
import type { AppDeclaration, Origin, PodDeclaration, Warning } from "./declaration.ts";

/** What works but will surprise. */
export function findSurprises(pod: PodDeclaration): Warning[] {
  return [
    ...pod.apps.flatMap(findDoubledLimits),
    ...pod.apps.flatMap((app) => findUnseenDevices(pod, app)),
    ...pod.apps.flatMap((app) => findRestartSurprise(pod, app)),
    ...findJobLimit(pod),
    ...findSocketSurprises(pod),
  ];
}

const DOUBLES: readonly (readonly [isolator: string, key: string, directive: string])[] = [
  ["resource/memory", "Memory", "MemoryMax"],
  ["resource/cpu", "CPU", "CPUQuota"],
  ["os/linux/cpu-shares", "CPUShares", "CPUWeight"],
];

function findDoubledLimits(app: AppDeclaration): Warning[] {
  return DOUBLES.flatMap(([isolator, key, directive]) => {
    const entry = app.directives.find((candidate) => candidate.key === directive);
    if (entry === undefined || !app.isolators.some((candidate) => candidate.name === isolator)) return [];
    return [warning(app.origin, `App ${quoteText(app.name)} has both "${key}=" and "${directive}="`, "Write one of them")];
  });
}

/** The pod's own systemd sets an app's limits, and passes over a device that it does not see. */
function findUnseenDevices({ pod }: PodDeclaration, app: AppDeclaration): Warning[] {
  return app.directives.flatMap(({ key, value }) => {
    const [path = ""] = /^IO(?:Device|Read|Write)/.test(key) ? value.split(/\s/, 1) : [];
    if (path === "" || pod.devices.some((device) => device.path === path)) return [];
    const message = `"${key}=" of app ${quoteText(app.name)} has no effect: the pod has no device ${quoteText(path)}`;
    return [warning(app.origin, message, `Write it in [Service], or give the pod "Device=${path}:r"`)];
  });
}

function findRestartSurprise({ pod }: PodDeclaration, app: AppDeclaration): Warning[] {
  if (!pod.job || app.restart !== "always") return [];
  return [warning(app.origin, `App ${quoteText(app.name)} has "Restart=always", so the job never ends`)];
}

function findJobLimit({ pod, service }: PodDeclaration): Warning[] {
  const limit = service.findLast((entry) => entry.key === "RuntimeMaxSec");
  if (!pod.job || limit === undefined || limit.value === "infinity") return [];
  const origin = { path: limit.path ?? "", line: limit.line ?? 1 };
  return [warning(origin, `"RuntimeMaxSec=" has no effect with "Job=yes": a job is starting until it ends`, `Write "TimeoutStartSec="`)];
}

function findSocketSurprises({ sockets, install }: PodDeclaration): Warning[] {
  const first = sockets[0];
  const wanted = install.find((entry) => entry.key === "WantedBy" || entry.key === "RequiredBy");
  if (first === undefined || wanted === undefined) return [];
  const origin = { path: wanted.path ?? first.origin.path, line: wanted.line ?? 1 };
  const message = `With "${wanted.key}=" the pod is started at boot and does not wait for the first connection`;
  return [warning(origin, message, "Leave [Install] out: the socket is enabled on its own")];
}

function warning(origin: Origin, message: string, hint?: string): Warning {
  return { path: origin.path, line: origin.line, message, ...(hint === undefined ? {} : { hint }) };
}
