import { dirname } from "node:path";
import { quoteShell } from "../../base/quote-shell.ts";
import { RktError } from "../../base/error.ts";
import type { Host } from "../../host/host.ts";
import type { PodDescription, VolumeDescription } from "../../pod/engine.ts";
import { quoteValue } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";
import { volumePath } from "../tree/names.ts";
import type { MachineSpec } from "./hypervisor/hypervisor.ts";

/** The distribution's virtiofsd: elder qemu packages have one of their own, with options of another style. */
const servers = [
  { path: "/usr/libexec/virtiofsd", style: "new" },
  { path: "/usr/lib/virtiofsd", style: "new" },
  { path: "/usr/lib/qemu/virtiofsd", style: "old" },
] as const;

/** Directories and files of the host, in the order of the machine's shares. A share is a directory: a file is the only one in its own. */
export function sharedVolumes(pod: PodDescription): VolumeDescription[] {
  return pod.volumes.filter(({ kind }) => kind === "host" || kind === "state");
}

function shareTag(index: number): string {
  return `volume${index}`;
}

/** Of a volume in its share. */
function within(share: string, { type }: VolumeDescription): string {
  return type === "file" ? `${share}/file` : share;
}

/** What the hypervisor is told of them: the sockets of their servers in this directory, or where its jail has them. */
export function machineShares(pod: PodDescription, directory: string): MachineSpec["shares"] {
  const parent = isServed(pod) ? directory : sharePath;
  return sharedVolumes(pod).map((_, index) => ({ tag: shareTag(index), source: `${parent}/${shareTag(index)}` }));
}

/** By virtiofs; else the hypervisor itself gives them to its guest, by 9p. */
function isServed({ virtualMachine }: PodDescription): boolean {
  return virtualMachine?.virtiofsd !== undefined;
}

/** Where the jail of a hypervisor that serves them itself has them. */
export function sharePlaces(pod: PodDescription): string[] {
  return isServed(pod) ? [] : machineShares(pod, "").map(({ source }) => source);
}

/** What it may do there is never more than the pod may. */
export function shareBinds(pod: PodDescription): EntryInput[] {
  return sharedVolumes(pod).flatMap((volume, index): EntryInput[] => {
    const share = sharePlaces(pod)[index];
    return share === undefined ? [] : [bindLine(volume, share)];
  });
}

function bindLine(volume: VolumeDescription, share: string): readonly [string, string] {
  return [bindKey(volume), quoteValue(`${escapePath(volume.source ?? "")}:${bindTarget(volume, share)}`)];
}

/** For systemd-run, which splits the value into words before it looks for colons, and knows no specifiers. */
function bindProperty(volume: VolumeDescription, share: string): string {
  return `${bindKey(volume)}="${(volume.source ?? "").replaceAll(/[\\"]/g, "\\$&")}":${bindTarget(volume, share)}`;
}

function bindKey({ readOnly }: VolumeDescription): string {
  return readOnly ? "BindReadOnlyPaths" : "BindPaths";
}

function bindTarget(volume: VolumeDescription, share: string): string {
  return `${within(share, volume)}:${volume.recursive ? "rbind" : "norbind"}`;
}

/** The same in sh, where no unit does it, below `$jail`. */
export function shareMounts(pod: PodDescription): string[] {
  return sharedVolumes(pod).flatMap((volume, index) => {
    const share = sharePlaces(pod)[index];
    if (share === undefined) return [];
    const { source = "", readOnly, recursive, type } = volume;
    const place = `"$jail${within(share, volume)}"`;
    return [
      `mkdir -p "$jail${share}"`,
      ...(type === "file" ? [`: > ${place}`] : []),
      `mount --${recursive ? "rbind" : "bind"} ${quoteShell(source)} ${place}`,
      // A mount's flags are its own. The table has octal escapes.
      ...(readOnly
        ? [
            `awk -v top=${place} '$5 == top || index($5, top "/") == 1 { print $5 }' /proc/self/mountinfo |`,
            `  while read -r mounted; do mount -o remount,bind,ro "$(printf %b "$mounted")"; done`,
          ]
        : []),
    ];
  });
}

/** Throws `virtiofsd-missing`. */
export function findVirtiofsd(host: Host): string {
  const found = servers.find(({ path }) => host.files.exists(path));
  if (found !== undefined) return found.path;
  throw new RktError("virtiofsd-missing", "Cannot share a directory with a virtual machine: the host has no virtiofsd", {
    hint: "Install the package virtiofsd (Debian 12: qemu-system-common)",
  });
}

/** For the guest's first program. */
export function volumeMounts(pod: PodDescription): string[] {
  return sharedVolumes(pod).flatMap((volume, index) => {
    const tag = shareTag(index);
    const path = volumePath(volume.name);
    const share = volume.type === "file" ? `${dirname(path)}/.${tag}` : path;
    const line = `${tag} ${share} ${isServed(pod) ? "virtiofs -" : `9p ${nineOptions}`}${volume.readOnly ? ",ro" : ""}\n`;
    if (volume.type === "directory") return [line];
    return [`- ${share} dir 700,0,0\n`, line, `/pod/root${within(share, volume)} ${path} none bind\n`];
  });
}

/** Nothing is kept in the guest but what is mapped. */
const nineOptions = "trans=virtio,version=9p2000.L,cache=mmap,msize=65536";

/** Where a server has the directory that it shares, with what is mounted below it or without; a jail has all of its pod below it. */
const sharePath = "/run/rkt/share";

/**
 * A server for each volume, of the distribution, in a unit that goes with the pod's: it sees the network of nobody and shares nothing
 * else; what the guest may not write, the server may not either. In sh, with `$vm`.
 */
export function volumeCommands(pod: PodDescription, group: string): string[] {
  const volumes = sharedVolumes(pod);
  if (volumes.length === 0 || !isServed(pod)) return [];
  return [
    `mkdir -p -m 0700 ${sharePath}`,
    ...volumes.map((volume, index) => serverCommand(pod, volume, { index, group })),
    // Their sockets listen already; whether they can be started at all is known before the hypervisor connects.
    `systemctl start ${volumes.map((_, index) => `${serverUnit(pod, index)}.service`).join(" ")}`,
  ];
}

/** Properties, as words of sh, of a unit that ends when the pod's has ended, and not before. */
export const goesWith = ['BindsTo="$unit"', 'Before="$unit"', "CollectMode=inactive-or-failed"] as const;

/** Whose servers may be there still. */
export function volumeUnits(pod: PodDescription): string[] {
  if (!isServed(pod)) return [];
  return sharedVolumes(pod).flatMap((_, index) => [`${serverUnit(pod, index)}.socket`, `${serverUnit(pod, index)}.service`]);
}

function serverUnit({ uuid }: PodDescription, index: number): string {
  return `rkt-volume-${uuid}-${index}`;
}

function serverCommand(
  pod: PodDescription,
  volume: VolumeDescription,
  { index, group }: { readonly index: number; readonly group: string },
): string {
  const program = pod.virtualMachine?.virtiofsd ?? "";
  const properties = [
    "PrivateNetwork=yes",
    "PrivateTmp=yes",
    "RestrictAddressFamilies=AF_UNIX",
    "UMask=0007",
    "Slice=machine.slice",
    // Each file that the guest knows is held open.
    "MemoryMax=1G",
    // What the guest makes beside a file stays nowhere.
    ...(volume.type === "file" ? [`TemporaryFileSystem=${sharePath}:ro,mode=0755`] : []),
    bindProperty(volume, sharePath),
  ];
  return [
    "systemd-run --quiet --service-type=exec",
    `--unit=${serverUnit(pod, index)}`,
    `--description='Volume ${volume.name} of rkt pod ${pod.uuid}'`,
    ...[...goesWith, ...properties.map(quoteShell)].map((property) => `--property=${property}`),
    ...[...goesWith, `SocketGroup=${group}`, "SocketMode=0660", `ListenStream="$vm/${shareTag(index)}"`].map(
      (property) => `--socket-property=${property}`,
    ),
    "--",
    `${program} --fd=3`,
    servers.find(({ path }) => path === program)?.style === "new"
      ? `--shared-dir=${sharePath} --sandbox=chroot --xattr --posix-acl --cache=auto --inode-file-handles=never`
      : `-o source=${sharePath} -o sandbox=chroot -o xattr -o posix_acl -o cache=auto`,
  ].join(" ");
}

function escapePath(path: string): string {
  return path.replaceAll("\\", "\\\\").replaceAll(":", "\\:");
}
