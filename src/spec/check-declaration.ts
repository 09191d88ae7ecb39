import { quoteText } from "../base/escape.ts";
import type { RktError } from "../base/error.ts";
import type { AppDeclaration, PodDeclaration } from "./declaration.ts";
import { findCycle } from "./cycle.ts";
import { nearest } from "./nearest.ts";
import { problemAt } from "./report.ts";
import { sysctlFault, sysctlHint } from "./sysctl.ts";

/** What one section cannot know alone: names that have to exist, to be unique, to go together. */
export function checkDeclaration(pod: PodDeclaration): RktError[] {
  return [
    ...checkNet(pod),
    ...checkTwins(pod),
    ...checkSysctls(pod),
    ...pod.apps.flatMap((app) => [...checkMounts(pod, app), ...checkAppNames(pod, app), ...checkCredentials(pod, app)]),
    ...checkCycles(pod),
    ...checkJob(pod),
  ];
}

function checkNet({ pod }: PodDeclaration): RktError[] {
  const index = pod.net.findIndex((net) => ["none", "host", "all"].includes(net));
  const [alone, origin] = [pod.net[index], pod.netOrigins[index]];
  if (alone === undefined || origin === undefined || pod.net.every((net) => net === alone)) return [];
  return [problemAt(origin, `Cannot use "Net=${alone}" together with another network`)];
}

function checkTwins({ pod, apps, sockets }: PodDeclaration): RktError[] {
  const nets = pod.net.flatMap((net, index) => {
    const origin = pod.netOrigins[index];
    return origin === undefined ? [] : [{ id: net, origin, what: `Network ${quoteText(net)}` }];
  });
  // Ports of two names may be one of TCP and one of UDP: the images say.
  const ports = pod.ports.map((port) => ({
    id: `${port.name} ${port.hostIP ?? ""}:${port.hostPort}`,
    origin: port.origin,
    what: `Host port ${port.hostPort}`,
  }));
  const volumes = pod.volumes.map((volume) => ({ id: volume.name, origin: volume.origin, what: `Volume ${quoteText(volume.name)}` }));
  const devices = pod.devices.map((device) => ({ id: device.path, origin: device.origin, what: `Device ${quoteText(device.path)}` }));
  const sysctls = pod.sysctls.map((sysctl) => ({
    id: sysctl.name,
    origin: sysctl.origin,
    what: `Kernel parameter ${quoteText(sysctl.name)}`,
  }));
  const listen = sockets
    .flatMap((socket) => socket.listen)
    .map((item) => ({
      id: `${transport(item.kind, item.address)} ${item.address}`,
      origin: item.origin,
      what: `Address ${quoteText(item.address)}`,
    }));
  const targets = apps.map((app) =>
    app.mounts.map((mount) => ({ id: mount.path, origin: mount.origin, what: `Mount target ${quoteText(mount.path)}` })),
  );
  return [nets, ports, volumes, devices, sysctls, listen, ...targets].flatMap(findTwins);
}

/** Sockets of one path or abstract name collide whatever their type; TCP and UDP ports do not. */
function transport(kind: string, address: string): string {
  return /^[/@]/.test(address) ? "unix" : kind;
}

function findTwins(items: readonly { id: string; origin: { path: string; line: number }; what: string }[]): RktError[] {
  const first = new Map<string, { path: string; line: number }>();
  return items.flatMap((item) => {
    const other = first.get(item.id);
    if (other === undefined) {
      first.set(item.id, item.origin);
      return [];
    }
    return [problemAt(item.origin, `${item.what} stands twice`, `The other is at ${other.path}:${other.line}`)];
  });
}

function checkMounts({ pod }: PodDeclaration, app: AppDeclaration): RktError[] {
  const names = pod.volumes.map((volume) => String(volume.name));
  return app.mounts.flatMap((mount) => {
    if (names.includes(mount.volume)) return [];
    const near = nearest(mount.volume, names);
    const hint = near === undefined ? `Write "Volume=${mount.volume},kind=…" in [Pod]` : `Did you mean "${near}"?`;
    return [problemAt(mount.origin, `The pod has no volume ${quoteText(mount.volume)}`, hint)];
  });
}

function checkAppNames({ apps }: PodDeclaration, app: AppDeclaration): RktError[] {
  const names = apps.map((other) => String(other.name));
  return (app.waitsFor ?? [])
    .filter(({ name }) => !names.includes(name))
    .map(({ name, origin }) =>
      problemAt(origin, `App ${quoteText(app.name)} waits for app ${quoteText(name)}, which the pod does not have`),
    );
}

/** Each credential that an app wants is one that the unit may have. What ImportCredential= finds is known at the start only. */
function checkCredentials({ service }: PodDeclaration, app: AppDeclaration): RktError[] {
  if (service.some(({ key }) => key === "ImportCredential")) return [];
  const sources = service
    .filter(({ key }) => /^(Load|Set)Credential(Encrypted)?$/.test(key))
    .map(({ value }) => value.split(":", 1)[0] ?? "");
  // A directory of credentials gives them names that begin with its own.
  const isThere = (name: string): boolean => sources.some((source) => name === source || name.startsWith(`${source}_`));
  return app.credentials.flatMap((name, index) => {
    const origin = app.credentialOrigins?.[index];
    if (origin === undefined || isThere(name)) return [];
    const hint = `Write "LoadCredential=${name}:/PATH" in [Service], or another key like it`;
    return [problemAt(origin, `The pod has no credential ${quoteText(name)}`, hint)];
  });
}

function checkSysctls({ pod }: PodDeclaration): RktError[] {
  return pod.sysctls.flatMap(({ name, origin }) => {
    const fault = sysctlFault(name, pod.net.includes("host"));
    return fault === undefined ? [] : [problemAt(origin, `Cannot set ${quoteText(name)} in the pod: ${fault}`, sysctlHint)];
  });
}

function checkCycles({ apps }: PodDeclaration): RktError[] {
  const cycle = findCycle(new Map(apps.map((app) => [String(app.name), [...app.after, ...app.requires].map(String)])));
  const app = apps.find((candidate) => candidate.name === cycle?.[0]);
  if (cycle === undefined || app === undefined) return [];
  return [problemAt(app.origin, `Apps wait for each other in a circle: ${[...cycle, app.name].map((name) => quoteText(name)).join(", ")}`)];
}

function checkJob({ pod, service }: PodDeclaration): RktError[] {
  const restart = service.findLast((entry) => entry.key === "Restart");
  if (!pod.job || restart === undefined || !["always", "on-success"].includes(restart.value)) return [];
  const origin = { path: restart.path ?? "", line: restart.line ?? 1 };
  return [problemAt(origin, `Cannot use "Restart=${restart.value}" with "Job=yes": a job ends`, `Use "Restart=on-failure"`)];
}
