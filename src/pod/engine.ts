/**
 * The contract that a stage1 fulfils.
 *
 * An engine turns a pod that is described completely (images rendered, users and programs resolved inside the images,
 * volumes checked) into data: the files of the pod's stage1 tree, the command that runs it, and the lines that its
 * unit needs. It changes nothing and asks the host for nothing but facts (`check`): `src/apply` carries the plan out,
 * `--dry-run` prints it, golden tests compare it. Two calls with equal descriptions return equal plans.
 *
 * What an engine cannot honour it refuses in `check`, in one sentence; it never ignores a setting.
 *
 * `apply` adds, for every engine alike: the verdict line, the directories that must exist at each start, the liveness
 * lock, what the user wrote in [Unit], [Service] and [Install], and the lines that record how a run ended.
 */
import type { AcIdentifier, AcName, ImageId, PodName, Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { Isolator, PodManifest } from "../spec/appc.ts";
import type { AppStreams } from "../spec/app-streams.ts";
import type { Said } from "../spec/merge-config.ts";
import type { NameFile, NetworkDescription } from "../spec/network.ts";
import type { EntryInput } from "../unit/unit-file.ts";

export interface Engine {
  /** As in `Stage1=` and as shown to users. */
  readonly name: string;
  /** The network of a pod that says nothing of networks, where that is not `default`. */
  readonly defaultNetwork?: "host";
  /** Throws an RktError when this pod cannot run under this engine on this host. */
  check(pod: PodDescription, host: Host): void;
  /** What the pod needs beside its images (a kernel, disks), made where it is missing, and named in the description. After `check`. */
  equip?(pod: PodDescription, host: Host, options: EquipOptions): PodDescription;
  /** Pure. */
  plan(pod: PodDescription): EnginePlan;
}

export interface EquipOptions {
  /** /var/lib/rkt */
  readonly dataDir: string;
  /** Make nothing: the plan is only shown. */
  readonly dryRun: boolean;
  /** What the files of stage1.d say. */
  config(): readonly Said[];
}

/** Everything an engine may know of a pod. Plain data, JSON-serialisable. */
export interface PodDescription {
  readonly uuid: Uuid;
  /** A named pod's name; ad-hoc pods have none. */
  readonly name?: PodName;
  readonly paths: PodPaths;
  readonly manifest: PodManifest;
  /** In start order. */
  readonly apps: readonly AppDescription[];
  readonly volumes: readonly VolumeDescription[];
  readonly sockets: readonly SocketDescription[];
  readonly network: NetworkDescription;
  /** The apps' /etc/resolv.conf and /etc/hosts, where neither a volume nor (for kind "image") the image has one. */
  readonly resolvConf: NameFile;
  readonly hosts: NameFile;
  readonly hostname: string;
  /** A user namespace of its own: `count` ids from `base` on of the host are the pod's 0 and following. */
  readonly users?: UserRange;
  /** The images' trees are copied instead of laid over one another. */
  readonly copyTrees?: true;
  /** Where the apps' output goes besides the journal: only for pods that somebody started in the foreground. */
  readonly console?: ConsoleDescription;
  readonly job: boolean;
  /** Host device nodes, same path in the pod. */
  readonly devices: readonly { readonly path: string; readonly access: string }[];
  readonly sysctls: readonly { readonly name: string; readonly value: string }[];
  /** Bytes. */
  readonly journalMaxUse: number;
  /** Where its own files are not the host's. */
  readonly stage1?: Stage1Image;
  /** Where the pod is a virtual machine: what `equip` of its engine found and made. */
  readonly virtualMachine?: VirtualMachine;
}

/** An image whose files an engine uses instead of the host's own: below its root they stand at the same places. */
export interface Stage1Image {
  readonly id: ImageId;
  readonly name: AcIdentifier;
  readonly version?: string;
  /** The rendered tree, absolute on the host. */
  readonly root: string;
}

/** Absolute paths on the host. */
export interface VirtualMachine {
  readonly hypervisor: string;
  readonly program: string;
  /** Serves directories of the host, where the pod has some. */
  readonly virtiofsd?: string;
  readonly accelerator: "kvm" | "tcg";
  readonly kernel: string;
  /** Modules and the first program; the pod's part is joined to it. */
  readonly initrd: string;
  /** Image of the guest's /usr. */
  readonly system: string;
  /** Tree of the store → image of it. */
  readonly disks: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  /** Context id of vsock(7), 3 to 2^32 - 2. */
  readonly cid: number;
  /** For its kernel: path below /proc/sys, and value. */
  readonly kernelSettings: readonly { readonly path: string; readonly value: string }[];
  /** Sentences for whoever makes the pod: what is different on this host from what its declaration seems to say. */
  readonly warnings: readonly string[];
}

/** Absolute paths on the host. */
export interface PodPaths {
  /** The immutable generation: what an engine's `files` are relative to. */
  readonly generation: string;
  /** The pod's own directory, of which `gen/DIGEST` is the generation. */
  readonly pod: string;
  /** Directory below which `rw/APP/{upper,work}` stand, made anew for each start. */
  readonly rw: string;
  /** Directory bound at /rkt/status in the pod: file APP = `$EXIT_CODE $EXIT_STATUS $SERVICE_RESULT` (systemd.exec(5)) of its last run. */
  readonly status: string;
  /** Link made at each start that leads to the host directory of the pod's journal. */
  readonly journal: string;
  /** Liveness "cgroup": the engine writes `PID START-TIME CONTROL-GROUP` of the pod's main process here when it starts. */
  readonly cgroup: string;
}

export interface AppDescription {
  readonly name: AcName;
  readonly image: { readonly id: ImageId; readonly name: AcIdentifier };
  /** Rendered trees, absolute, topmost first (overlay's order of `lowerdir=`). */
  readonly layers: readonly string[];
  /** Of the image's root directory, where it is not root's with mode 0755: the writable layer takes it over. Octal text. */
  readonly rootDirectory?: { readonly mode: string; readonly uid: number; readonly gid: number };
  /** exec[0] is an absolute path inside the image. */
  readonly exec: readonly string[];
  /** Why the kernel will not execute `exec[0]`, as far as the image tells: for people, no engine heeds it. */
  readonly fault?: string;
  readonly preStart?: readonly string[];
  readonly postStop?: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly supplementaryGids: readonly number[];
  /** What the image's /etc/passwd and /etc/group name besides: whoever enters the app may be one of them. */
  readonly knownUids?: readonly number[];
  readonly knownGids?: readonly number[];
  readonly workingDirectory: string;
  /** Complete, in order, names unique. */
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** Paths inside the app's root, links resolved. */
  readonly mounts: readonly { readonly volume: AcName; readonly path: string; readonly readOnly: boolean }[];
  readonly readOnlyRootFS: boolean;
  /** Standard files that the image lacks and the pod provides. */
  readonly provided: readonly ("/etc/hosts" | "/etc/resolv.conf")[];
  readonly isolators: readonly Isolator[];
  /** Names of the unit's credentials that this app gets (systemd.exec(5), "CREDENTIALS"). Absent: none. */
  readonly credentials?: readonly string[];
  readonly notify: boolean;
  readonly watchdogUsec?: number;
  /** What a stream of mode `log` is. */
  readonly output: "journal" | "pipe";
  /** Absent: nothing to read, and both outputs are `log`. */
  readonly streams?: AppStreams;
  readonly after: readonly AcName[];
  readonly requires: readonly AcName[];
  readonly restart: "no" | "on-failure" | "always";
  readonly restartUsec?: number;
  /** "SIGTERM". */
  readonly stopSignal: string;
  readonly stopTimeoutUsec: number;
  readonly reloadSignal?: string;
  /** systemd's own keys for the app's unit, already checked. */
  readonly directives: readonly (readonly [key: string, value: string])[];
}

export interface VolumeDescription {
  readonly name: AcName;
  readonly kind: "host" | "empty" | "state" | "tmpfs";
  /** Absolute path on the host, links resolved; absent for tmpfs. */
  readonly source?: string;
  /** Is the source a directory or a single file or device? */
  readonly type: "directory" | "file";
  /** It is a device node of the host. */
  readonly device?: true;
  readonly readOnly: boolean;
  readonly recursive: boolean;
  /** With a user namespace: ids in the volume are the pod's own. Ours always are; a host directory's only where the user said so. */
  readonly idmap: boolean;
  /** tmpfs: bytes. */
  readonly size?: number;
  /** Octal text, uid, gid: empty, state and tmpfs. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

export interface SocketDescription {
  /** FileDescriptorName=. */
  readonly name: string;
  readonly app: AcName;
  readonly listen: readonly { readonly kind: "stream" | "datagram" | "sequential"; readonly address: string }[];
  /** Keys of the host's socket unit that decide how the kernel object is made and must stand in the pod's unit too (BindIPv6Only=, …). */
  readonly options: readonly (readonly [key: string, value: string])[];
}

export interface UserRange {
  /** Host id of the pod's root: a multiple of 65536. */
  readonly base: number;
  /** 65536. */
  readonly count: number;
}

export type ConsoleDescription =
  /** Pipes `stdin`, `stdout` and `stderr` in this directory of the host, bound at /rkt/console in the pod; somebody reads the latter two. */
  | { readonly kind: "pipes"; readonly directory: string; readonly stdin: boolean }
  /** The engine's own standard streams are a terminal; the one app gets it when `interactive`, else only output goes there. */
  | { readonly kind: "terminal"; readonly interactive: boolean };

export interface EnginePlan {
  /** Relative to `paths.generation`, parents before children. */
  readonly files: readonly PlanFile[];
  /** The program that systemd runs and its arguments: becomes the unit's main process (behind the liveness lock). */
  readonly argv: readonly string[];
  /** Lines for [Service] of the pod's unit, each with its reason as comment where it surprises. */
  readonly service: readonly EntryInput[];
  /** Lines for [Unit]. */
  readonly unit?: readonly EntryInput[];
  /** Where the unit's own settings shut the engine in: what executes the unit's other commands so that they see the host, if its privileges are full. */
  readonly outside?: readonly string[];
  /**
   * The pod is a machine with addresses of its own: each interface of its network ends in a tap of this user of the host, in the network
   * namespace of the pod's unit (PrivateNetwork=). Absent: the interfaces, with the addresses, are in the namespace of `network.path`.
   */
  readonly taps?: { readonly user: string };
  /**
   * What each of the pod's sockets is inside, IPV4:PORT, in order: a proxy, started by the socket's first connection, starts the pod and
   * carries the connections there. Absent: the engine is handed the sockets.
   */
  readonly proxied?: readonly string[];
  /** Commands of sh for each start, each one line: the last ones before the engine. `$pod`, `$lock`, `$journal/$machine` are set. */
  readonly startCommands?: readonly string[];
  /** Commands of sh for the end of each run (ExecStopPost=), each one line; `$SERVICE_RESULT` is set. */
  readonly stopCommands: readonly string[];
  /** The same, but before the writable layers are put aside and `status` is read; `$pod` is the pod's directory. */
  readonly endCommands?: readonly string[];
  /**
   * Where the engine's own end says nothing of the apps: commands of sh that set SERVICE_RESULT, EXIT_CODE and EXIT_STATUS from what is
   * known, before they are recorded, and commands that end the script with that status, which becomes the unit's. `$engine` is the engine's
   * own result, as systemd has it.
   */
  readonly result?: { readonly read: readonly string[]; readonly end: readonly string[] };
  /**
   * For a pod without a name, in a unit that is not ours, where the unit's own settings would shut the engine in: a command that does it
   * itself and becomes the engine, in a network namespace of its own, and ExecStop=.
   */
  readonly alone?: { readonly argv: readonly string[]; readonly stop: string };
  /**
   * How it is known that the pod runs. Absent: the engine holds the pod's lock. "sibling": a unit that lives as long holds it. "cgroup": the engine is the app, which must not hold
   * a descriptor of ours; the control group of its unit has processes, it uses the host's journal, and there is no pod's own.
   */
  readonly liveness?: "cgroup" | "sibling";
  /** Microseconds the unit's stop may take: the apps' stop times along the stop order plus a margin. */
  readonly stopTimeoutUsec: number;
  /** How machined shall know the pod; undefined = not at all. */
  readonly machine?: { readonly name: string; readonly class: "container" };
}

export type PlanFile =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: string }
  /** A file of the host, and text after it. */
  | { readonly kind: "joined"; readonly path: string; readonly mode: number; readonly first: string; readonly content: string }
  | { readonly kind: "directory"; readonly path: string; readonly mode: number; readonly uid?: number; readonly gid?: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string };
