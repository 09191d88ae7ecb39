import { hostProtection } from "../unit/hardening.ts";
import type { PodName } from "../base/id.ts";
import { serviceUnitOf } from "../pod/paths.ts";
import type { EntryInput, UnitFile } from "../unit/unit-file.ts";
import { unitFile } from "../unit/unit-file.ts";

/** Clients at once of one socket; each takes six descriptors. */
const connections = 4096;

export interface ProxyInput {
  readonly name: PodName;
  /** Of the pod's sockets, in order. */
  readonly sockets: readonly string[];
  /** Of the engine, in the same order: IPV4:PORT. */
  readonly proxied: readonly string[];
  readonly comments: readonly string[];
}

/** `rkt-proxy@NAME.service` for each `rkt-pod@NAME.socket`. */
export function proxyUnitName(socket: string): string {
  return socket.replace(/^rkt-pod@(.*)\.socket$/s, "rkt-proxy@$1.service");
}

/** What carries the connections of a pod that takes no descriptors: a program of systemd's for each socket. */
export function proxyUnits({ name, sockets, proxied, comments }: ProxyInput): { readonly unit: string; readonly file: UnitFile }[] {
  return proxied.map((target, index) => {
    const socket = sockets[index] ?? "";
    return { unit: proxyUnitName(socket), file: proxyUnit({ pod: serviceUnitOf(name), name, socket, target, comments }) };
  });
}

interface UnitInput {
  readonly pod: string;
  readonly name: PodName;
  readonly socket: string;
  readonly target: string;
  readonly comments: readonly string[];
}

function proxyUnit({ pod, name, socket, target, comments }: UnitInput): UnitFile {
  const unit: EntryInput[] = [
    ["Description", `rkt pod ${name}, connections of ${socket}`],
    ["Documentation", "man:rkt.pod(5)"],
    ["Requires", pod, "The first connection starts the pod"],
    ["After", pod],
    ["StartLimitIntervalSec", "10s", "As often as the pod may be started"],
    ["StartLimitBurst", "100"],
  ];
  return unitFile({ Unit: unit, Service: serviceLines(socket, target) }, comments);
}

/** A process that needs nothing but its sockets, and one address to connect to. */
function serviceLines(socket: string, target: string): EntryInput[] {
  return [
    ["Type", "exec", "Its sockets are there already, and it says nothing of readiness on systemd 252"],
    ["Sockets", socket],
    ["ExecStart", `/usr/lib/systemd/systemd-socket-proxyd --connections-max=${connections} ${target}`],
    ["LimitNOFILE", String(connections * 6 + 64)],
    ["Slice", "machine.slice"],
    ["DynamicUser", "yes"],
    ["NoNewPrivileges", "yes"],
    ["CapabilityBoundingSet", ""],
    ["IPAddressDeny", "any"],
    ["IPAddressAllow", target.slice(0, target.lastIndexOf(":")), "Of what it opens itself; its clients come by the socket's unit"],
    ["PrivateDevices", "yes"],
    ["PrivateIPC", "yes"],
    ["PrivateUsers", "yes"],
    ["ProtectProc", "invisible"],
    ["ProcSubset", "pid"],
    ...hostProtection,
    ["RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"],
    ["RestrictRealtime", "yes"],
    ["RestrictSUIDSGID", "yes"],
    ["LockPersonality", "yes"],
    ["MemoryDenyWriteExecute", "yes"],
    ["SystemCallArchitectures", "native"],
    ["SystemCallFilter", "@system-service"],
    ["SystemCallFilter", "~@privileged @resources"],
    ["SystemCallErrorNumber", "EPERM"],
    ["UMask", "0077"],
  ];
}
