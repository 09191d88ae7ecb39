import { type PlanDigest, tryUuid, type Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { assertPortsFree, describePort, type PortOwner } from "../net/ports.ts";
import { assertPortsUnheard, assertSocketsFree, type ListenerOwner } from "../net/socket-owners.ts";
import { portsInUse } from "../net/listeners.ts";
import type { PodDescription } from "../pod/engine.ts";
import { listNamedPods, readGeneration } from "../pod/named.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { parseGenerationRecord } from "../pod/record.ts";
import type { PodDeclaration, Warning } from "../spec/declaration.ts";

/** Throws `port-taken` where another pod has a port or an address that this one forwards or listens on. */
export function assertListenersFree(host: Host, dirs: PodDirectories, { uuid, network, sockets }: PodDescription): void {
  const forwards = network.kind === "namespace" && network.ports.length > 0;
  if (!forwards && sockets.length === 0) return;
  const owners = portOwners(host, dirs, uuid);
  const options = { ipv6Only: host.files.tryReadText("/proc/sys/net/ipv6/bindv6only")?.trim() === "1" };
  if (forwards) assertPortsFree(network.ports, owners);
  if (forwards) assertPortsUnheard(network, owners, options);
  assertSocketsFree(sockets, [...owners, { who: "this pod", network }], options);
}

/** Who has ports besides this pod: the named pods that are applied, running or not, and the others that run now. */
function portOwners(host: Host, dirs: PodDirectories, self: Uuid): (PortOwner & ListenerOwner)[] {
  const named = listNamedPods(host, dirs).filter((pod) => pod.uuid !== self && pod.commit.generation !== undefined);
  const applied = named.map((pod) => {
    const { network, listening } = readGeneration(host, dirs, pod.uuid, pod.commit.generation as PlanDigest);
    return { who: `pod "${pod.name}"`, network, sockets: listening };
  });
  const known = new Set<string>(named.map((pod) => pod.uuid));
  return [...applied, ...runningPortOwners(host, dirs, self).filter(({ uuid }) => !known.has(uuid))];
}

/** Those that have them at this moment: what a pod that is only run once has to heed. */
export function runningPortOwners(host: Host, dirs: PodDirectories, self: Uuid): (PortOwner & { readonly uuid: string })[] {
  const names = new Map<string, string>(listNamedPods(host, dirs).map((pod) => [pod.uuid, pod.name]));
  const running = host.files.tryList(`${dirs.runDir}/net`).filter((entry) => tryUuid(entry) !== undefined && entry !== self);
  return running.map((uuid) => {
    const name = names.get(uuid);
    const network = networkOf(host, `${dirs.runDir}/net/${uuid}/../plan.json`);
    return { uuid, who: name === undefined ? `pod ${uuid}` : `pod "${name}"`, network };
  });
}

function networkOf(host: Host, path: string): PortOwner["network"] {
  const text = host.files.tryReadText(path);
  return text === undefined ? undefined : parseGenerationRecord(text, path).network;
}

/** Ports that a program of this host listens on: what comes from outside goes to the pod while it runs. */
export function portWarnings(host: Host, declaration: PodDeclaration, { network }: PodDescription): Warning[] {
  if (network.kind !== "namespace") return [];
  return portsInUse(host, network.ports).map((port) => {
    const origin = declaration.pod.ports.find((candidate) => candidate.name === port.name)?.origin;
    return {
      path: origin?.path ?? declaration.paths[0] ?? declaration.name,
      line: origin?.line ?? 1,
      message: `Port ${describePort(port)} is one that a program of this host listens on: it hears nothing there while the pod runs`,
    };
  });
}
