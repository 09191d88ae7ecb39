import type { NetworkInterface } from "../spec/network.ts";
import type { PodView } from "./pod-view.ts";

/** The networks of a pod as the original printed them; `ip6` and `hostIfName` are rkt's own. A network without interface has its name only. */
export function networksJson({ network, networks }: Pick<PodView, "network" | "networks">): readonly Record<string, string>[] {
  return network === undefined ? networks.map((netName) => ({ netName })) : network.interfaces.map(interfaceJson);
}

function interfaceJson({ network, name, hostName, addresses }: NetworkInterface): Record<string, string> {
  const ip4 = addresses.find(({ family }) => family === "ip4");
  const ip6 = addresses.find(({ family }) => family === "ip6");
  return {
    netName: network,
    ifName: name,
    ...(ip4 === undefined ? {} : { ip: ip4.address, mask: maskOf(ip4.prefixLength) }),
    ...(ip6 === undefined ? {} : { ip6: ip6.address }),
    hostIfName: hostName,
  };
}

/** 22 is 255.255.252.0. */
function maskOf(prefixLength: number): string {
  const bits = 2 ** 32 - 2 ** (32 - prefixLength);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
}
