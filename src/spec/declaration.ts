import type { AcName, PodName, Uuid } from "../base/id.ts";
import type { UnitEntry } from "../unit/unit-file.ts";
import type { AppStreams } from "./app-streams.ts";
import type { Isolator, PodPort, PodVolume } from "./appc.ts";

/**
 * A `.pod` file and its drop-ins, read and checked as far as that needs no image and no host (reference: rkt.pod(5)).
 * `parseDeclaration` makes it. What a later release brings is refused there or by the engine, with a sentence.
 */
export interface PodDeclaration {
  readonly name: PodName;
  /** The main file, then the drop-ins in the order they were merged. */
  readonly paths: readonly string[];
  readonly unit: readonly UnitEntry[];
  readonly install: readonly UnitEntry[];
  /** Allowed keys only. */
  readonly service: readonly UnitEntry[];
  readonly pod: PodSection;
  readonly apps: readonly AppDeclaration[];
  readonly sockets: readonly SocketDeclaration[];
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly path: string;
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
}

/** Where a value stands, for errors that only apply can find. */
export interface Origin {
  readonly path: string;
  readonly line: number;
}

export interface PodSection {
  /** As written: `nspawn`, `kvm`, `kvm:lkvm`, `kvm:qemu`, `fly`, or an image by name, hash, path or URL (`parseStage1`). */
  readonly stage1: string;
  readonly stage1Origin?: Origin;
  readonly job: boolean;
  /** As written, one entry per network; empty = not said. */
  readonly net: readonly string[];
  /** Of the first. */
  readonly netOrigin?: Origin;
  /** Of each, where a file says them. */
  readonly netOrigins: readonly Origin[];
  readonly ports: readonly (PodPort & { readonly origin: Origin })[];
  readonly volumes: readonly DeclaredVolume[];
  /** Device nodes of the host, with access "r", "rw", "rwm". */
  readonly devices: readonly { readonly path: string; readonly access: string; readonly origin: Origin }[];
  readonly sysctls: readonly { readonly name: string; readonly value: string; readonly origin: Origin }[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly dnsDomain?: string;
  readonly hostsEntry: readonly string[];
  /** Origin of the first of the DNS and hosts keys. */
  readonly dnsOrigin?: Origin;
  readonly hostname?: string;
  readonly privateUsers: boolean;
  readonly privateUsersOrigin?: Origin;
  /** Bytes. */
  readonly journalMaxUse: number;
  readonly uuid?: Uuid;
  readonly uuidOrigin?: Origin;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DeclaredVolume extends PodVolume {
  readonly unsafe?: boolean;
  readonly origin: Origin;
}

export interface AppDeclaration {
  readonly name: AcName;
  readonly origin: Origin;
  /** As written. */
  readonly image: string;
  readonly imageOrigin: Origin;
  readonly pull: "new" | "never" | "update";
  /** Program and arguments, unquoted. */
  readonly exec?: readonly string[];
  readonly args?: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly environmentFiles: readonly { readonly path: string; readonly optional: boolean; readonly origin: Origin }[];
  readonly user?: string;
  readonly group?: string;
  readonly supplementaryGroups: readonly string[];
  readonly workingDirectory?: string;
  readonly mounts: readonly { readonly volume: AcName; readonly path: string; readonly readOnly?: boolean; readonly origin: Origin }[];
  readonly readOnlyRootFS?: boolean;
  /** CapabilityRetain=, CapabilityRemove=, Seccomp=, NoNewPrivileges=, Memory=, CPU=, CPUShares=, OOMScoreAdjust= as appc isolators. */
  readonly isolators: readonly Isolator[];
  /** systemd's own keys for the app's unit, checked against an allow-list: MemoryMax=, CPUQuota=, TasksMax=, Limit*=, … */
  readonly directives: readonly UnitEntry[];
  readonly credentials: readonly string[];
  /** Of each. */
  readonly credentialOrigins?: readonly Origin[];
  readonly appArmorProfile?: string;
  readonly seLinuxContext?: string;
  /** Origin of the first of AppArmorProfile= and SELinuxContext=. */
  readonly securityOrigin?: Origin;
  readonly notify: "image" | "yes" | "no";
  /** Microseconds. */
  readonly watchdogUsec?: number;
  /** What stream mode `log` is. */
  readonly output: "journal" | "pipe" | "auto";
  /** Absent: `plainStreams`. */
  readonly streams?: AppStreams;
  readonly after: readonly AcName[];
  readonly requires: readonly AcName[];
  /** Every word of After= and Requires=. */
  readonly waitsFor?: readonly { readonly name: AcName; readonly origin: Origin }[];
  readonly restart: "no" | "on-failure" | "always";
  readonly restartUsec?: number;
  /** "SIGTERM". */
  readonly stopSignal?: string;
  readonly stopTimeoutUsec?: number;
  readonly reloadSignal?: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SocketDeclaration {
  /** The section's name = FileDescriptorName=. */
  readonly name: string;
  readonly origin: Origin;
  /** The app that gets it; filled in where the pod has one app only. */
  readonly app: AcName;
  /** Addresses in explicit form, the same text in the host unit and in the pod: a bare port becomes `[::]:PORT`, as systemd binds it. */
  readonly listen: readonly { readonly kind: "stream" | "datagram" | "sequential"; readonly address: string; readonly origin: Origin }[];
  /** The other keys of systemd.socket(5) for the host's socket unit, in the file's order. */
  readonly options: readonly UnitEntry[];
}
