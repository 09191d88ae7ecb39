import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { NetworkDescription, NetworkInterface } from "../spec/network.ts";
import { type AddressRequest, claimAddress } from "./claim-address.ts";
import { addressAt, type BuiltInNetwork, findNetwork, indexOf } from "./networks.ts";
import { type AppPorts, resolvePorts, type WantedPort } from "./ports.ts";

export interface NetworkRequest extends AddressRequest {
  /** As written; empty = `default`. */
  readonly names: readonly string[];
  readonly ports: readonly WantedPort[];
  readonly apps: readonly AppPorts[];
}

/** What was asked for, on this host: addresses are claimed. Errors: those of `selectNetworks`, `claimAddress` and `resolvePorts`. */
export function describeNetwork(host: Host, request: NetworkRequest): NetworkDescription {
  const selected = selectNetworks(request.names);
  const kind = selected === "host" || selected === "none" ? selected : "namespace";
  const ports = resolvePorts(request.ports, request.apps, kind);
  if (selected === "host" || selected === "none") return { kind: selected };
  const ip6 = host.files.tryReadText("/proc/sys/net/ipv6/conf/default/disable_ipv6")?.trim() === "0";
  const interfaces = selected.map((network, index) => {
    const address = claimAddress(host, network, request);
    return describeInterface(network, { address, ip6, name: `eth${index}`, gateway: index === selected.findIndex((item) => item.routed) });
  });
  return { kind: "namespace", path: namespacePath(request.uuid), interfaces, ports };
}

export function namespacePath(uuid: Uuid): string {
  return `/run/netns/rkt-${uuid}`;
}

/** Which networks `Net=` and `--net` name. Errors: `network-invalid`, `network-unknown`. */
export function selectNetworks(names: readonly string[]): "host" | "none" | readonly BuiltInNetwork[] {
  const wanted = names.length === 0 ? ["default"] : names;
  const [only = ""] = wanted;
  if (new Set(wanted).size < wanted.length)
    throw new RktError("network-invalid", `Cannot join ${quoteText(wanted.join(","))}: a network is named twice`);
  for (const special of ["host", "none", "all"]) {
    if (wanted.includes(special) && wanted.length > 1)
      throw new RktError("network-invalid", `Cannot join ${quoteText(wanted.join(","))}: "${special}" stands alone`);
  }
  if (only === "host" || only === "none") return only;
  if (only === "all") return [...["default", "default-restricted"].map(knownNetwork)];
  return wanted.map(knownNetwork);
}

function knownNetwork(name: string): BuiltInNetwork {
  if (name === "") throw new RktError("network-invalid", "Cannot join a network: its name is empty");
  const network = findNetwork(name);
  if (network !== undefined) return network;
  if (name.includes(":") && findNetwork(name.split(":")[0] ?? "") !== undefined)
    throw new RktError("network-invalid", `Cannot join ${quoteText(name)}: the built-in networks take no arguments`);
  throw new RktError("network-unknown", `Cannot join ${quoteText(name)}: networks not found: ${quoteText(name.split(":")[0] ?? "")}`, {
    hint: "This build knows default, default-restricted, host and none; networks of CNI are not there yet",
  });
}

interface InterfaceFacts {
  readonly address: string;
  readonly ip6: boolean;
  readonly name: string;
  /** Does the default route lead through this one? */
  readonly gateway: boolean;
}

/** The name on the host has the address's number in it: as unique as the claim. */
function describeInterface(network: BuiltInNetwork, { address, ip6, name, gateway }: InterfaceFacts): NetworkInterface {
  const index = indexOf(network, address);
  const hex = index.toString(16);
  const six = {
    family: "ip6",
    address: `${network.ip6Prefix}${hex}`,
    prefixLength: 64,
    ...(gateway ? { gateway: network.gateway6 } : {}),
  } as const;
  return {
    network: network.name,
    name,
    hostName: `rkt${network.letter}${hex.padStart(4, "0")}`,
    bridge: network.bridge,
    addresses: [
      {
        family: "ip4",
        address: addressAt(network, index),
        prefixLength: network.ip4Prefix,
        ...(gateway ? { gateway: network.gateway4 } : {}),
      },
      ...(ip6 ? [six] : []),
    ],
  };
}
