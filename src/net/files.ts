import { isIP } from "node:net";
import type { ForwardedPort, InterfaceAddress, PodNetwork } from "../spec/network.ts";

/**
 * What a start hands to `ip -batch` and `nft -f`, file name → text. Everything in them is a number, an address or a name of ours.
 * Adding an element that stands there already is no error, nor is deleting one that was just added: so each file may be read twice.
 */
export function networkFiles(network: PodNetwork): ReadonlyMap<string, string> {
  const namespace = network.path.slice(network.path.lastIndexOf("/") + 1);
  const host = [`netns add ${namespace}`];
  const pod = ["link set dev lo up"];
  for (const item of network.interfaces) {
    host.push(`link add name ${item.hostName} type veth peer name ${item.name} netns ${namespace}`);
    host.push(`link set dev ${item.hostName} master ${item.bridge} up`);
    // Where br_netfilter is loaded, a pod that asks for its own forwarded port gets its packet back over the port it came from.
    host.push(`link set dev ${item.hostName} type bridge_slave hairpin on`);
    const prefixes = item.addresses.map(({ family, address, prefixLength }) => {
      return `address add ${address}/${prefixLength} dev ${item.name}${family === "ip6" ? " nodad" : ""}`;
    });
    const routes = item.addresses.flatMap(({ gateway }) =>
      gateway === undefined ? [] : [`route add default via ${gateway} dev ${item.name}`],
    );
    pod.push(...prefixes, `link set dev ${item.name} up`, ...routes);
  }
  const down = [...network.interfaces.map((item) => `link delete dev ${item.hostName}`), `netns delete ${namespace}`];
  const elements = network.ports.flatMap((port) => portElements(port, network.interfaces[0]?.addresses ?? []));
  return new Map([
    ["host.ip", lines(host)],
    ["pod.ip", lines(pod)],
    ["down.ip", lines(down)],
    ...(elements.length === 0
      ? []
      : ([
          ["up.nft", lines(elements.map((element) => `add element ${element}`))],
          [
            "down.nft",
            lines(elements.flatMap((element) => [`add element ${element}`, `delete element ${element.replace(/ : [^}]*/, " ")}`])),
          ],
        ] as const)),
  ]);
}

/** One element for each address family that the port and the pod have. */
function portElements(port: ForwardedPort, addresses: readonly InterfaceAddress[]): string[] {
  const family = port.hostAddress === undefined ? undefined : isIP(port.hostAddress) === 6 ? "ip6" : "ip4";
  return addresses
    .filter((address) => family === undefined || family === address.family)
    .map(({ family: own, address }) => {
      const table = own === "ip4" ? "ip rkt" : "ip6 rkt";
      const key = `${port.protocol} . ${port.hostPort}`;
      const value = `${address} . ${port.podPort}`;
      return port.hostAddress === undefined
        ? `${table} ports { ${key} : ${value} }`
        : `${table} address_ports { ${port.hostAddress} . ${key} : ${value} }`;
    });
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join("");
}
