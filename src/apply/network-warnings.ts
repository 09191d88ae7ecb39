import type { PodDescription } from "../pod/engine.ts";
import type { PodDeclaration, Warning } from "../spec/declaration.ts";

/** What keeps others than this host from a pod's ports, and a pod from them, though nothing of its declaration does. */
export function networkWarnings(
  { name, paths, pod }: PodDeclaration,
  { network }: PodDescription,
  firewallDrops: () => boolean,
): Warning[] {
  if (network.kind !== "namespace") return [];
  const routed = network.interfaces.some(({ addresses }) => addresses.some(({ gateway }) => gateway !== undefined));
  const at = (message: string, origin = pod.netOrigins[0]): Warning => ({
    path: origin?.path ?? paths[0] ?? name,
    line: origin?.line ?? 1,
    message,
  });
  if (!routed) {
    const [port] = pod.ports;
    return network.ports.length === 0
      ? []
      : [at("Ports of a pod of default-restricted are this host's alone: others do not reach them", port?.origin)];
  }
  if (!firewallDrops()) return [];
  return [
    at(
      "The host's firewall drops what is forwarded (chain FORWARD of table ip filter): the pod reaches nothing beyond this host, and others not its ports, without a rule for rkt-default; rkt.pod(5) has some",
    ),
  ];
}
