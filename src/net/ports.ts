import { isIP } from "../base/ip.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { ImagePort, PodPort } from "../spec/appc.ts";
import type { ForwardedPort, NetworkDescription } from "../spec/network.ts";

/** Ports of the pod's images by the app that has them. */
export interface AppPorts {
  readonly app: string;
  readonly ports: readonly ImagePort[];
}

/** A port as somebody asked for it, and where. */
export type WantedPort = PodPort & { readonly origin?: { readonly path: string; readonly line: number } };

/** The forwarded ports of a pod. Errors: `port-unknown`, `port-ambiguous`, `port-loopback`, `port-without-network`, `port-twice`. */
export function resolvePorts(
  wanted: readonly WantedPort[],
  apps: readonly AppPorts[],
  network: "host" | "none" | "namespace",
): ForwardedPort[] {
  const resolved = wanted.map((port) => resolvePort(port, apps));
  const forwarded = resolved.filter((port) => !port.activated);
  const [first] = forwarded;
  if (first !== undefined && network !== "namespace") {
    throw new RktError(
      "port-without-network",
      `${whereOf(first.wanted)}Cannot forward port ${quoteText(first.port.name)}: the pod has no network of its own`,
      { hint: network === "host" ? "With the host's network the app's ports are the host's already" : `Use network "default"` },
    );
  }
  assertNoTwins(resolved);
  return forwarded.map(({ port }) => port);
}

function assertNoTwins(resolved: readonly ResolvedPort[]): void {
  for (const [index, { wanted, port }] of resolved.entries()) {
    const other = resolved.slice(0, index).find((candidate) => collide(candidate.port, port));
    if (other === undefined) continue;
    throw new RktError(
      "port-twice",
      `${whereOf(wanted)}Cannot forward ${describePort(port)} to ${quoteText(port.name)}: ${quoteText(other.port.name)} of this pod has it`,
    );
  }
}

interface ResolvedPort {
  readonly wanted: WantedPort;
  readonly port: ForwardedPort;
  /** It is the unit's socket, and reaches the app without any forwarding. */
  readonly activated: boolean;
}

function resolvePort(wanted: WantedPort, apps: readonly AppPorts[]): ResolvedPort {
  const where = `${whereOf(wanted)}Cannot forward port ${quoteText(wanted.name)}`;
  const found = apps.flatMap(({ app, ports }) => ports.filter((port) => port.name === wanted.name).map((port) => ({ app, port })));
  const [match] = found;
  if (match === undefined) {
    const known = apps.flatMap(({ ports }) => ports.map((port) => port.name));
    throw new RktError("port-unknown", `${where}: no image of the pod has a port of that name`, {
      hint: known.length === 0 ? "The images name no ports" : `The images have ${known.join(", ")}`,
    });
  }
  if (found.length > 1) {
    throw new RktError("port-ambiguous", `${where}: the images of ${found.map(({ app }) => quoteText(app)).join(" and ")} have it`);
  }
  const activated = match.port.socketActivated === true;
  const { hostIP } = wanted;
  if (hostIP === "::1" && !activated) {
    throw new RktError("port-loopback", `${where} from "::1": the kernel translates no address of the IPv6 loopback`, {
      hint: "Forward it from 127.0.0.1, or let a socket unit with systemd-socket-proxyd listen there",
    });
  }
  const port = {
    name: match.port.name,
    protocol: match.port.protocol === "udp" ? "udp" : "tcp",
    ...(hostIP === undefined || hostIP === "0.0.0.0" || hostIP === "::" ? {} : { hostAddress: hostIP }),
    hostPort: wanted.hostPort,
    podPort: match.port.port,
  } as const;
  return { wanted, port, activated };
}

/** Errors of a .pod file begin with file and line. */
function whereOf({ origin }: WantedPort): string {
  return origin === undefined || origin.path === "" ? "" : `${origin.path}:${origin.line}: `;
}

/** A port and the pod that has it, for sentences. */
export interface PortOwner {
  readonly who: string;
  readonly network: NetworkDescription | undefined;
}

/** Throws `port-taken` where another pod has one of the ports. */
export function assertPortsFree(ports: readonly ForwardedPort[], owners: readonly PortOwner[]): void {
  for (const { who, network } of owners) {
    for (const theirs of network?.kind === "namespace" ? network.ports : []) {
      const port = ports.find((candidate) => collide(candidate, theirs));
      if (port === undefined) continue;
      throw new RktError("port-taken", `Cannot forward ${describePort(port)} to port ${quoteText(port.name)}: ${who} has it`, {
        hint: "Choose another port of the host, or another address",
      });
    }
  }
}

function collide(a: ForwardedPort, b: ForwardedPort): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false;
  return a.hostAddress === undefined || b.hostAddress === undefined || a.hostAddress === b.hostAddress;
}

/** `tcp 10.0.0.1:80`. */
export function describePort({ protocol, hostAddress, hostPort }: ForwardedPort): string {
  if (hostAddress === undefined) return `${protocol} ${hostPort}`;
  return `${protocol} ${isIP(hostAddress) === 6 ? `[${hostAddress}]` : hostAddress}:${hostPort}`;
}
