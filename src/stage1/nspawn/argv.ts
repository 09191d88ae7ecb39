import { capabilityBoundingSet } from "../../isolator/index.ts";
import { machineIdOf, machineNameOf } from "../../base/id.ts";
import type { PodDescription, UserRange, VolumeDescription } from "../../pod/engine.ts";
import { mountsItself, tmpfsOptions } from "../tree/boot-script.ts";
import { bootPath, consolePath, lowerPath, statusPath, volumePath, writablePath } from "../tree/names.ts";

/** Where the manager inside looks for units, and for nothing else: a stock unit set costs several times the whole start. */
const managerEnvironment = [
  "SYSTEMD_UNIT_PATH=/etc/systemd/system",
  "SYSTEMD_GENERATOR_PATH=/none",
  "SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/none",
  "MEMORY_PRESSURE_WATCH=/dev/null",
];

/** Capabilities that nspawn gives a container without being asked (systemd-nspawn(1), "--capability="). */
const nspawnCapabilities = new Set(
  (
    "AUDIT_CONTROL AUDIT_WRITE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_OWNER KILL LEASE LINUX_IMMUTABLE MKNOD NET_BIND_SERVICE " +
    "NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_NICE SYS_PTRACE SYS_RESOURCE SYS_TTY_CONFIG"
  )
    .split(" ")
    .map((name) => `CAP_${name}`),
);

/** The command line of systemd-nspawn, one option an element. */
export function nspawnArgv(pod: PodDescription): string[] {
  const extra = extraCapabilities(pod);
  // Without a user namespace systemd 252 refuses it.
  const mapped = pod.users === undefined ? "" : ":idmap";
  return [
    // Its own option for that fails together with user namespaces on systemd 252 and 257.
    ...(pod.network.kind === "namespace" ? ["/usr/bin/nsenter", `--net=${pod.network.path}`, "--"] : []),
    "/usr/bin/systemd-nspawn",
    "--quiet",
    "--settings=no",
    "--keep-unit",
    "--register=yes",
    "--notify-ready=yes",
    "--kill-signal=SIGRTMIN+3",
    `--machine=${machineNameOf(pod.uuid)}`,
    `--uuid=${pod.uuid}`,
    `--hostname=${pod.hostname}`,
    `--directory=${pod.paths.generation}/stage1/rootfs`,
    "--read-only",
    // The systemd inside, and what its units execute.
    pod.stage1 === undefined ? "--bind-ro=/usr" : bind(`${pod.stage1.root}/usr`, "/usr", "-ro"),
    ...consoleOptions(pod),
    "--link-journal=no",
    "--timezone=off",
    ...(pod.users === undefined ? [] : [`--private-users=${pod.users.base}:${pod.users.count}`, "--private-users-ownership=map"]),
    ...(pod.network.kind === "none" ? ["--private-network"] : []),
    ...(extra.length === 0 ? [] : [`--capability=${extra.join(",")}`]),
    bind(pod.paths.journal, `/var/log/journal/${machineIdOf(pod.uuid)}`) + mapped,
    bind(pod.paths.status, statusPath) + mapped,
    ...pod.apps.flatMap((app) => [
      ...app.layers.map((layer, index) => bind(layer, lowerPath(app.name, index), "-ro") + mapped),
      bind(`${pod.paths.rw}/${app.name}`, writablePath(app.name)) + mapped,
    ]),
    ...(pod.resolvConf.kind === "host" ? ["--resolv-conf=bind-host"] : ["--resolv-conf=off"]),
    ...(pod.hosts.kind === "host" ? [bind("/etc/hosts", "/etc/hosts", "-ro")] : []),
    ...pod.volumes.filter((volume) => !mountsItself(pod, volume)).map((volume) => bindVolume(volume, pod.users)),
    ...pod.devices.map((device) => bind(device.path, device.path)),
    ...credentialOptions(pod),
    ...managerEnvironment.map((variable) => `--setenv=${variable}`),
    "--",
    "/bin/sh",
    bootPath,
  ];
}

function consoleOptions({ console, users }: PodDescription): string[] {
  if (console === undefined) return [];
  if (console.kind === "pipes") return [`${bind(console.directory, consolePath)}${users === undefined ? "" : ":idmap"}`];
  return [`--console=${console.interactive ? "interactive" : "read-only"}`];
}

/** A name without a slash is looked up in nspawn's own $CREDENTIALS_DIRECTORY: the unit's. */
function credentialOptions(pod: PodDescription): string[] {
  const names = new Set(pod.apps.flatMap((app) => app.credentials ?? []));
  return [...names].toSorted().map((name) => `--load-credential=${name}:${name}`);
}

function extraCapabilities(pod: PodDescription): string[] {
  const wanted = pod.apps.flatMap((app) => capabilityBoundingSet(app.isolators));
  return [...new Set(wanted)].filter((name) => !nspawnCapabilities.has(name)).toSorted();
}

function bindVolume(volume: VolumeDescription, users: UserRange | undefined): string {
  const target = volumePath(volume.name);
  if (volume.kind !== "tmpfs") {
    const bindOptions = [...(volume.recursive ? [] : ["norbind"]), ...(users !== undefined && volume.idmap ? ["idmap"] : [])];
    return `${bind(volume.source ?? "", target, volume.readOnly ? "-ro" : "")}${bindOptions.length === 0 ? "" : `:${bindOptions.join(",")}`}`;
  }
  return `--tmpfs=${target}:${tmpfsOptions(volume)}`;
}

function bind(source: string, target: string, kind: "" | "-ro" = ""): string {
  return `--bind${kind}=${escapeColon(source)}:${escapeColon(target)}`;
}

/** nspawn splits at colons and interprets backslashes. */
function escapeColon(path: string): string {
  return path.replaceAll("\\", "\\\\").replaceAll(":", "\\:");
}
