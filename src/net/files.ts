import { isIP } from "../base/ip.ts";
import type { ForwardedPort, InterfaceAddress, NetworkInterface, PodNetwork } from "../spec/network.ts";

export interface TapOptions {
  /** Of the host: who may use them. */
  readonly user: string;
}

/**
 * What a start hands to `ip -batch` and `nft -f`, file name → text. Everything in them is a number, an address or a name of ours.
 * Adding an element that stands there already is no error, nor is deleting one that was just added: so each file may be read twice.
 *
 * With `taps` the pod is a machine with addresses of its own (`addressLines`): its namespace has a bridge for each interface, to a tap of
 * the same number, and no address. `pod4.ip` is for a host whose kernel has no IPv6 (any more).
 */
export function networkFiles(network: PodNetwork, taps?: TapOptions): ReadonlyMap<string, string> {
  const namespace = namespaceName(network);
  const host = taps === undefined ? [`netns add ${namespace}`] : [];
  for (const item of network.interfaces) {
    host.push(`link add name ${item.hostName} type veth peer name ${item.name} netns ${namespace}`);
    host.push(`link set dev ${item.hostName} master ${item.bridge} up`);
    // Where br_netfilter is loaded, a pod that asks for its own forwarded port gets its packet back over the port it came from.
    host.push(`link set dev ${item.hostName} type bridge_slave hairpin on`);
  }
  const pod = podLines(network, taps);
  const pod4 = podLines(withoutIpv6(network), taps);
  const down = [...network.interfaces.map((item) => `link delete dev ${item.hostName}`), `netns delete ${namespace}`];
  const elements = network.ports.flatMap((port) => portElements(port, reachedBy(network)?.addresses ?? []));
  return new Map([
    ["host.ip", lines(host)],
    ["pod.ip", lines(pod)],
    ...(pod.length === pod4.length ? [] : ([["pod4.ip", lines(pod4)]] as const)),
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

function podLines(network: PodNetwork, taps: TapOptions | undefined): string[] {
  return taps === undefined ? addressLines(network) : network.interfaces.flatMap((item, index) => tapLines(item, index, taps));
}

function withoutIpv6(network: PodNetwork): PodNetwork {
  const interfaces = network.interfaces.map((item) => ({ ...item, addresses: item.addresses.filter(({ family }) => family === "ip4") }));
  return { ...network, interfaces };
}

/** Where others than this host find the pod, if they do: the interface that its default route leads through. */
function reachedBy({ interfaces }: PodNetwork): NetworkInterface | undefined {
  return interfaces.find(({ addresses }) => addresses.some(({ gateway }) => gateway !== undefined)) ?? interfaces[0];
}

/** As ip-netns(8) knows it. */
export function namespaceName({ path }: PodNetwork): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** For `ip -batch` where the pod's interfaces are: addresses and routes. */
export function addressLines(network: PodNetwork): string[] {
  const items = network.interfaces.flatMap(({ name, addresses }) => [
    ...addresses.map(({ family, address, prefixLength }) => {
      return `address add ${address}/${prefixLength} dev ${name}${family === "ip6" ? " nodad" : ""}`;
    }),
    `link set dev ${name} up`,
    ...addresses.flatMap(({ gateway }) => (gateway === undefined ? [] : [`route add default via ${gateway} dev ${name}`])),
  ]);
  return ["link set dev lo up", ...items];
}

export function tapName(index: number): string {
  return `tap${index}`;
}

/** Two ports, and what comes by one leaves by the other: a bridge that learned would hear the pod's own frames come back from the host's hairpin. Without addresses of their own, not even of IPv6, they say nothing. */
function tapLines({ name, addresses }: NetworkInterface, index: number, { user }: TapOptions): string[] {
  const [bridge, tap] = [`br${index}`, tapName(index)];
  const six = addresses.some(({ family }) => family === "ip6");
  const silent = (device: string): string[] => (six ? [`link set dev ${device} addrgenmode none`] : []);
  return [
    `link add name ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    ...silent(bridge),
    `link set dev ${bridge} up`,
    ...silent(name),
    `link set dev ${name} master ${bridge} up`,
    `link set dev ${name} type bridge_slave learning off`,
    `tuntap add dev ${tap} mode tap user ${user}`,
    ...silent(tap),
    `link set dev ${tap} master ${bridge} up`,
    `link set dev ${tap} type bridge_slave learning off`,
  ];
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
