import { APP_DIRECTIVES, SERVICE_KEYS, type SectionKind } from "./keys.ts";
import { APP_KEYS } from "./keys-app.ts";
import { POD_KEYS } from "./keys-pod.ts";

/** What to write instead of a key that systemd knows and rkt keeps for itself, or that belongs to another section. */
export function reservedKeyHint(kind: SectionKind, key: string): string | undefined {
  const own = OWN_KEYS[kind]?.[key];
  if (own !== undefined) return own;
  if (kind !== "App" && isAppKey(key)) return `Write it in the [App NAME] section of the app that it is for`;
  if (kind !== "Pod" && POD_KEYS.some((info) => info.key === key)) return "Write it in the [Pod] section";
  if (kind !== "Service" && SERVICE_KEYS.includes(key)) return "Write it in the [Service] section";
  if (kind === "Service" && isSandboxKey(key)) return "Isolation is said per app: see the keys of [App NAME] in rkt.pod(5)";
  return undefined;
}

const OWN_KEYS: Partial<Readonly<Record<SectionKind, Readonly<Record<string, string>>>>> = {
  Service: {
    ExecStart: `Write "Exec=" or "Args=" in the [App NAME] section`,
    ExecReload: `Write "ReloadSignal=" in the [App NAME] section`,
    ExecStop: `Write "StopSignal=" in the [App NAME] section`,
    Type: `rkt sets it; for a pod that runs once to its end write "Job=yes" in the [Pod] section`,
    NotifyAccess: `rkt sets it; see "Notify=" in the [App NAME] section`,
    KillMode: "rkt sets it, so that the pod ends cleanly",
    KillSignal: `Write "StopSignal=" in the [App NAME] section`,
    Delegate: "rkt sets it, since the pod manages its own part of the cgroup tree",
    CapabilityBoundingSet: `Write "CapabilityRetain=" or "CapabilityRemove=" in the [App NAME] section`,
    AmbientCapabilities: `Write "CapabilityRetain=" in the [App NAME] section`,
    SystemCallFilter: `Write "Seccomp=" in the [App NAME] section`,
    RootDirectory: "The app's root is its image",
    RootImage: "The app's root is its image",
    BindPaths: `Write "Volume=" in [Pod] and "Mount=" in the [App NAME] section`,
    BindReadOnlyPaths: `Write "Volume=" in [Pod] and "Mount=" in the [App NAME] section`,
    TemporaryFileSystem: `Write "Volume=NAME,kind=tmpfs" in [Pod] and "Mount=" in the [App NAME] section`,
    StandardOutput: `Write "Output=" in the [App NAME] section`,
    StandardError: `Write "Output=" in the [App NAME] section`,
    ProtectSystem: `Write "ReadOnlyRootFS=yes" in the [App NAME] section`,
    PrivateNetwork: `Write "Net=" in the [Pod] section`,
    Sockets: "Write a [Socket NAME] section",
  },
  Socket: {
    FileDescriptorName: "The section's name is the descriptor's name",
    Service: "rkt sets it: the socket starts this pod",
    RemoveOnStop: "rkt sets it to yes",
    ListenFIFO: `Only "ListenStream=", "ListenDatagram=" and "ListenSequentialPacket=" can be handed to an app`,
    ListenSpecial: `Only "ListenStream=", "ListenDatagram=" and "ListenSequentialPacket=" can be handed to an app`,
    ListenNetlink: `Only "ListenStream=", "ListenDatagram=" and "ListenSequentialPacket=" can be handed to an app`,
    ListenMessageQueue: `Only "ListenStream=", "ListenDatagram=" and "ListenSequentialPacket=" can be handed to an app`,
    ListenUSBFunction: `Only "ListenStream=", "ListenDatagram=" and "ListenSequentialPacket=" can be handed to an app`,
    MaxConnections: `It belongs to "Accept=yes", which a pod cannot use: one connection cannot be one pod`,
    MaxConnectionsPerSource: `It belongs to "Accept=yes", which a pod cannot use: one connection cannot be one pod`,
  },
  App: {
    ExecStart: `Write "Exec=" or "Args="`,
    Delegate: "rkt sets it",
    CapabilityBoundingSet: `Write "CapabilityRetain=" or "CapabilityRemove="`,
    SystemCallFilter: `Write "Seccomp="`,
    BindPaths: `Write "Volume=" in [Pod] and "Mount=" here`,
    StandardOutput: `Write "Output="`,
    KillSignal: `Write "StopSignal="`,
    Type: `Write "Notify="`,
    LoadCredential: `Write "LoadCredential=" in [Service] and "Credential=" here`,
  },
};

function isAppKey(key: string): boolean {
  return APP_KEYS.some((info) => info.key === key) || APP_DIRECTIVES.includes(key);
}

function isSandboxKey(key: string): boolean {
  return /^(Private|Protect|Restrict|ReadOnly|ReadWrite|Inaccessible|NoExec|ExecPaths|SystemCall|Secure|Memory|Lock|Mount)/.test(key);
}
