/** The networks that rkt brings. Their bridges, tables and chains are made by units/libexec/network, which has the same numbers. */
export interface BuiltInNetwork {
  readonly name: string;
  readonly bridge: string;
  /** One letter, in the names of its interfaces on the host. */
  readonly letter: string;
  /** First address of the network, and the length of its prefix. */
  readonly ip4: string;
  readonly ip4Prefix: number;
  /** The host's address, and so the pods' gateway. */
  readonly gateway4: string;
  readonly ip6Prefix: string;
  readonly gateway6: string;
  /** Does it lead further than to the host? */
  readonly routed: boolean;
}

export const builtInNetworks: readonly BuiltInNetwork[] = [
  {
    name: "default",
    bridge: "rkt-default",
    letter: "d",
    ip4: "172.16.28.0",
    ip4Prefix: 22,
    gateway4: "172.16.28.1",
    ip6Prefix: "fd72:6b74:1c::",
    gateway6: "fd72:6b74:1c::1",
    routed: true,
  },
  {
    name: "default-restricted",
    bridge: "rkt-restricted",
    letter: "r",
    ip4: "172.31.0.0",
    ip4Prefix: 16,
    gateway4: "172.31.0.1",
    ip6Prefix: "fd72:6b74:1f::",
    gateway6: "fd72:6b74:1f::1",
    routed: false,
  },
];

export function findNetwork(name: string): BuiltInNetwork | undefined {
  return builtInNetworks.find((network) => network.name === name);
}

/** The address that stands `index` after the network's first. */
export function addressAt(network: BuiltInNetwork, index: number): string {
  return formatIp4(parseIp4(network.ip4) + index);
}

export function indexOf(network: BuiltInNetwork, address: string): number {
  return parseIp4(address) - parseIp4(network.ip4);
}

/** How many addresses there are, the network's own and the broadcast among them. */
export function sizeOf(network: BuiltInNetwork): number {
  return 2 ** (32 - network.ip4Prefix);
}

export function parseIp4(text: string): number {
  return text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

export function formatIp4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
