import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { PodName } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { SocketDescription } from "../pod/engine.ts";
import type { PodDeclaration, SocketDeclaration } from "../spec/declaration.ts";
import type { EntryInput, UnitFile } from "../unit/unit-file.ts";
import { unitFile } from "../unit/unit-file.ts";
import { serviceUnitOf } from "../pod/paths.ts";
import { proxyUnitName } from "./proxies.ts";
import type { AppWithImage } from "./app-with-image.ts";

/** Keys that decide what kernel object is made: they stand in the pod's own socket unit too, so that both describe the same socket. */
const sharedKeys = new Set(["BindIPv6Only", "FreeBind", "Transparent", "ReusePort", "BindToDevice", "SocketProtocol"]);

const listenKeys = { stream: "ListenStream", datagram: "ListenDatagram", sequential: "ListenSequentialPacket" } as const;

/** The pod's sockets: its [Socket] sections, and the original's way (a port of the image with `socketActivated`, and Port=). */
export function describeSockets(declaration: PodDeclaration, pairs: readonly AppWithImage[], host: Host): SocketDescription[] {
  const declared = declaration.sockets.map((socket) => ({
    name: socket.name,
    app: socket.app,
    listen: socket.listen.map(({ kind, address }) => ({ kind, address })),
    options: socket.options.filter((entry) => sharedKeys.has(entry.key)).map((entry) => [entry.key, entry.value] as const),
  }));
  const sockets = [...declared, ...activatedPorts(declaration, pairs)];
  return host.files.exists("/proc/net/if_inet6") ? sockets : sockets.map(withoutIpv6);
}

/** All addresses of a host whose kernel has no IPv6, as systemd takes a bare port there. */
function withoutIpv6(socket: SocketDescription): SocketDescription {
  const listen = socket.listen.map((item) => ({ ...item, address: item.address.replace(/^\[::\]:/, "0.0.0.0:") }));
  return { ...socket, listen };
}

/** The others are forwarded by the pod's network. */
function activatedPorts(declaration: PodDeclaration, pairs: readonly AppWithImage[]): SocketDescription[] {
  return declaration.pod.ports.flatMap((port) => {
    const owners = pairs.flatMap(({ app, rendered }) =>
      (rendered.image.manifest.app?.ports ?? [])
        .filter((candidate) => candidate.name === port.name)
        .map((candidate) => ({ app, port: candidate })),
    );
    const where = `${port.origin.path}:${port.origin.line}: Cannot use port ${quoteText(port.name)}`;
    const [owner] = owners;
    if (owner === undefined) throw new RktError("port-unknown", `${where}: no image of the pod has a port of this name`);
    if (owners.length > 1) throw new RktError("port-ambiguous", `${where}: several images of the pod have it`);
    if (owner.port.socketActivated !== true) return [];
    const kind = owner.port.protocol === "udp" ? "datagram" : "stream";
    return [{ name: port.name, app: owner.app.name, listen: [{ kind, address: addressOf(port.hostIP, port.hostPort) }], options: [] }];
  });
}

function addressOf(ip: string | undefined, port: number): string {
  if (ip === undefined) return `[::]:${port}`;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export interface SocketsInput {
  readonly name: PodName;
  readonly sockets: readonly SocketDescription[];
  readonly declared: readonly SocketDeclaration[];
  /** Do proxies get the connections instead of the pod's unit? */
  readonly proxied: boolean;
  readonly comments: readonly string[];
}

/** Host socket unit of each socket: `rkt-pod@NAME.socket` for the first, `rkt-pod@NAME:SOCKET.socket` for the others. */
export function socketUnits({ name, sockets, declared, proxied, comments }: SocketsInput) {
  const names = sockets.map((socket, index) => socketUnitName(name, socket.name, index));
  return sockets.map((socket, index) => ({
    unit: names[index] as string,
    file: socketUnit({
      name,
      socket,
      declared: declared.find((item) => item.name === socket.name),
      units: names,
      index,
      service: proxied ? proxyUnitName(names[index] as string) : serviceUnitOf(name),
      comments,
    }),
  }));
}

export function socketUnitName(pod: PodName, socket: string, index: number): string {
  return index === 0 ? `rkt-pod@${pod}.socket` : `rkt-pod@${pod}:${socket}.socket`;
}

interface SocketUnitInput {
  readonly name: PodName;
  readonly socket: SocketDescription;
  readonly declared: SocketDeclaration | undefined;
  readonly units: readonly string[];
  readonly index: number;
  /** What its first connection starts. */
  readonly service: string;
  readonly comments: readonly string[];
}

function socketUnit(input: SocketUnitInput): UnitFile {
  const { socket, units, index } = input;
  const [main, ...others] = units as [string, ...string[]];
  const unit: EntryInput[] = [
    ["Description", `rkt pod ${input.name}, socket ${socket.name}`],
    ["Documentation", "man:rkt.pod(5)"],
  ];
  if (index === 0 && others.length > 0) unit.push(["Wants", others.join(" "), "The pod's sockets are started and stopped together"]);
  if (index > 0) unit.push(["PartOf", main, "The pod's sockets are started and stopped together"]);
  return unitFile(
    {
      Unit: unit,
      Socket: [
        ...socket.listen.map(({ kind, address }): EntryInput => [listenKeys[kind], address]),
        ["FileDescriptorName", socket.name],
        ["Service", input.service],
        ["RemoveOnStop", "yes"],
        ["TriggerLimitIntervalSec", "0", "An app that exits when idle is started again as often as somebody connects"],
        ...(input.declared?.options ?? []).map((entry): EntryInput => [entry.key, entry.value]),
      ],
      Install: [["WantedBy", "sockets.target"], ...(index === 0 && others.length > 0 ? [["Also", others.join(" ")] as const] : [])],
    },
    input.comments,
  );
}
