import { isIPv4 } from "../base/ip.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { describePort } from "./ports.ts";
import type { ForwardedPort, NetworkDescription } from "../spec/network.ts";

/** A pod's socket as the host listens on it. */
export interface ListeningSocket {
  readonly name: string;
  readonly listen: readonly { readonly kind: "stream" | "datagram" | "sequential"; readonly address: string }[];
  /** Keys of systemd.socket(5): of them BindIPv6Only=, BindToDevice=, ReusePort= and SocketProtocol= are heeded. */
  readonly options: readonly (readonly [key: string, value: string])[];
}

/** What a pod has of the host's ports, and the pod, for sentences. */
export interface ListenerOwner {
  readonly who: string;
  readonly network?: NetworkDescription | undefined;
  readonly sockets?: readonly ListeningSocket[] | undefined;
}

export interface ListenOptions {
  /** The kernel's own mind where BindIPv6Only= says none: net.ipv6.bindv6only. */
  readonly ipv6Only: boolean;
}

/** Throws `port-taken` where a socket would listen on what another pod's listens on, or on a port that is forwarded. */
export function assertSocketsFree(sockets: readonly ListeningSocket[], owners: readonly ListenerOwner[], options: ListenOptions): void {
  const own = sockets.flatMap((socket) => endpointsOf(socket, options));
  for (const { who, network, sockets: others = [] } of owners) {
    const theirs = [...others.flatMap((socket) => endpointsOf(socket, options)), ...forwardedEndpoints(network)];
    const mine = own.find((endpoint) => theirs.some((other) => collide(endpoint, other)));
    if (mine === undefined) continue;
    throw new RktError("port-taken", `Cannot listen on ${mine.text} for socket ${quoteText(mine.socket)}: ${who} has it`, {
      hint: "Choose another address",
    });
  }
}

/** Throws `port-taken` where a port to forward is one that another pod's socket listens on: nothing would come to that any more. */
export function assertPortsUnheard(network: NetworkDescription, owners: readonly ListenerOwner[], options: ListenOptions): void {
  for (const { who, sockets = [] } of owners) {
    const theirs = sockets.flatMap((socket) => endpointsOf(socket, options));
    const mine = forwardedEndpoints(network).find((endpoint) => theirs.some((other) => collide(other, endpoint)));
    if (mine === undefined) continue;
    throw new RktError("port-taken", `Cannot forward ${mine.text} to port ${quoteText(mine.socket)}: ${who} listens there`, {
      hint: "Choose another port of the host, or another address",
    });
  }
}

interface Endpoint {
  /** "tcp", "udp", …; "path"; "abstract stream", …: what is of two namespaces never collides. */
  readonly space: string;
  readonly socket: string;
  /** `tcp 10.0.0.1:80`. */
  readonly text: string;
  /** Path or name, or the port. */
  readonly place: string;
  /** Absent: not of a network. "*" is each of the family. */
  readonly ip4?: string | undefined;
  readonly ip6?: string | undefined;
  readonly device?: string | undefined;
  readonly shared?: boolean;
  readonly forwarded?: boolean;
}

function endpointsOf({ name, listen, options }: ListeningSocket, { ipv6Only }: ListenOptions): Endpoint[] {
  const settings = new Map(options);
  const only = settings.get("BindIPv6Only") ?? "default";
  const v6 = only === "ipv6-only" || (only !== "both" && ipv6Only);
  return listen.map(({ kind, address }) => {
    // systemd removes a path of any kind that is in its way.
    if (address.startsWith("/")) {
      return { space: "path", socket: name, text: address, place: address.replace(/^\/var\/run\//, "/run/") };
    }
    if (address.startsWith("@")) return { space: `abstract ${kind}`, socket: name, text: address, place: address };
    const colon = address.lastIndexOf(":");
    const protocol = settings.get("SocketProtocol") || (kind === "datagram" ? "udp" : "tcp");
    return {
      space: protocol,
      socket: name,
      text: `${protocol} ${address.replace(/^\[::\]:/, "")}`,
      place: address.slice(colon + 1),
      ...familiesOf(address.slice(0, colon), v6),
      device: settings.get("BindToDevice") || undefined,
      shared: /^(1|yes|y|true|t|on)$/i.test(settings.get("ReusePort") ?? ""),
    };
  });
}

function familiesOf(host: string, ipv6Only: boolean): Pick<Endpoint, "ip4" | "ip6"> {
  if (!host.startsWith("[")) return { ip4: host === "0.0.0.0" ? "*" : host };
  const address = canonicalIPv6(host.slice(1, -1));
  if (address === "::") return { ip6: "*", ...(ipv6Only ? {} : { ip4: "*" }) };
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return { ip6: address };
  const [high, low] = [mapped[1], mapped[2]].map((part) => Number.parseInt(part ?? "", 16)) as [number, number];
  const ip4 = [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return { ip4: ip4 === "0.0.0.0" ? "*" : ip4 };
}

function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The kernel translates no address of the IPv6 loopback: who listens there loses nothing. */
function forwardedEndpoints(network: NetworkDescription | undefined): Endpoint[] {
  if (network?.kind !== "namespace") return [];
  const six = network.interfaces.some(({ addresses }) => addresses.some(({ family }) => family === "ip6"));
  return network.ports.map((port) => ({
    space: port.protocol,
    socket: port.name,
    text: describePort(port),
    place: String(port.hostPort),
    ...forwardedFamilies(port, six),
    forwarded: true,
  }));
}

function forwardedFamilies({ hostAddress }: ForwardedPort, six: boolean): Pick<Endpoint, "ip4" | "ip6"> {
  if (hostAddress === undefined) return { ip4: "*", ...(six ? { ip6: "*" } : {}) };
  return isIPv4(hostAddress) ? { ip4: hostAddress } : { ip6: canonicalIPv6(hostAddress) };
}

function collide(mine: Endpoint, other: Endpoint): boolean {
  if (mine.space !== other.space || mine.place !== other.place) return false;
  if (mine.ip4 === undefined && mine.ip6 === undefined) return true;
  if (mine.shared === true && other.shared === true) return false;
  if (mine.device !== undefined && other.device !== undefined && mine.device !== other.device) return false;
  // What is sent to a group comes to all who listen.
  if (mine.space === "udp" && [mine, other].some(isMulticast)) return false;
  if (other.forwarded === true && mine.ip6 === "::1") return false;
  return overlap(mine.ip4, other.ip4) || overlap(mine.ip6, other.ip6);
}

function overlap(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one === "*" || other === "*" || one === other;
}

function isMulticast({ ip4 = "", ip6 = "" }: Endpoint): boolean {
  return /^(22[4-9]|23\d)\./.test(ip4) || ip6.startsWith("ff");
}
