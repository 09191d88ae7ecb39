import type { PlanFile, PodDescription } from "../../pod/engine.ts";
import { addressLines } from "../../net/files.ts";
import { type EntryInput, serializeUnitFile, unitFile } from "../../unit/unit-file.ts";
import { appUnits } from "../tree/app-units.ts";
import { hiddenPaths, overlayMount, readOnlyPaths } from "../tree/boot-script.ts";
import { appUnit, consolePath, lowerPath, statusPath, unitDirectory, volumePath, writablePath } from "../tree/names.ts";
import { podUnits } from "../tree/pod-units.ts";
import { skeletonFiles, type StaticUnits } from "../tree/skeleton.ts";
import { outputsOf } from "../tree/streams.ts";
import { credentialMounts } from "./credentials.ts";
import { guestSockets } from "./sockets.ts";
import { volumeMounts } from "./volumes.ts";
import { type CpioEntry, encodeCpio } from "./cpio.ts";

const treeRoot = "stage1/rootfs/";

/** Units of every guest: those of other pods, and what differs because nobody is beside a virtual machine's PID 1. */
export interface GuestUnits {
  readonly pod: StaticUnits;
  readonly guest: StaticUnits;
}

/** The pod's part of the initrd: the very tree that a pod under nspawn has, and what its first program has to mount in it. */
export function guestArchive(host: PodDescription, { pod: podStatic, guest }: GuestUnits): string {
  const pod = { ...host, sockets: guestSockets(host) };
  const units = new Map([...podStatic, ...guest]);
  const files = [...skeletonFiles(pod, units), ...podUnits(pod), ...pod.apps.flatMap((app) => appUnits(pod, app)), ...guestUnits(pod)];
  const tree = files
    .filter(({ path }) => path.startsWith(treeRoot))
    .map((file) => adapt(file))
    .flatMap((file): CpioEntry[] => entryOf(file, `pod/root/${file.path.slice(treeRoot.length)}`));
  const archive = encodeCpio([
    { kind: "directory", path: "pod/root", mode: 0o755 },
    ...tree,
    ...consoleStreams(pod).map((name): CpioEntry => ({ kind: "fifo", path: `pod/root${consolePath}/${name}`, mode: 0o600 })),
    { kind: "file", path: "pod/mounts", mode: 0o644, content: Buffer.from(mountLines(pod).join("")) },
    { kind: "file", path: "pod/covers", mode: 0o644, content: Buffer.from(coverLines(pod).join("")) },
  ]);
  return archive.toString();
}

function entryOf(file: PlanFile, path: string): CpioEntry[] {
  if (file.kind === "file") return [{ kind: "file", path, mode: file.mode, content: Buffer.from(file.content) }];
  if (file.kind === "directory") return [{ kind: "directory", path, mode: file.mode }];
  return file.kind === "symlink" ? [{ kind: "symlink", path, target: file.target }] : [];
}

/** What is different in a machine of one's own. */
function adapt(file: PlanFile): PlanFile {
  if (file.kind !== "file") return file;
  // What is written there does not outlive the machine: it goes to the host as it comes.
  if (file.path === `${treeRoot}etc/systemd/journald.conf`)
    return {
      ...file,
      content: file.content.replace("Storage=persistent", "Storage=volatile").replace("RuntimeMaxUse=8M", "RuntimeMaxUse=16M"),
    };
  // The whole machine is the pod's: the default would leave an app a sixth of the few tasks that little memory allows. And where there is no
  // container systemd 257 raises the limit of core files. How long a start may take is the host's to say.
  if (file.path === `${treeRoot}etc/systemd/system.conf`)
    return { ...file, content: `${file.content}DefaultTasksMax=80%\nDefaultTimeoutStartSec=infinity\nDefaultLimitCORE=0:infinity\n` };
  return file;
}

/** Read by rkt_network.service, which is not started where there is none. */
function networkFilesOf({ network }: PodDescription): PlanFile[] {
  if (network.kind !== "namespace") return [];
  const content = addressLines(network).map((line) => `${line}\n`);
  return [
    { kind: "file", path: `${treeRoot}etc/rkt_network`, mode: 0o644, content: content.join("") },
    { kind: "directory", path: `${treeRoot}${unitDirectory}/rkt_apps.target.wants`, mode: 0o755 },
    { kind: "symlink", path: `${treeRoot}${unitDirectory}/rkt_apps.target.wants/rkt_network.service`, target: "../rkt_network.service" },
  ];
}

function guestUnits(pod: PodDescription): PlanFile[] {
  const apps = pod.apps.map((app) => appUnit(app.name)).join(" ");
  const consoles = consoleStreams(pod).map((name) => `rkt_console@${name}.service`);
  const readers = pod.apps.flatMap((app) => outputsOf(pod, app)).filter(({ copy }) => copy !== undefined);
  return [
    ...dropIn("default.target", [["Wants", ["rkt_journal.service", "rkt_control.service", "rkt_enter.socket", ...consoles].join(" ")]]),
    ...networkFilesOf(pod),
    ...(consoles.length === 0 ? [] : readers.flatMap(({ unit }) => dropIn(unit, [["After", consoles.join(" ")]]))),
    // As the host's unit has it for a pod under nspawn: apps that may make nodes make none of the machine's disks.
    ...dropIn(
      "system.slice",
      [
        ["DevicePolicy", "closed"],
        ["DeviceAllow", "/dev/console rw"],
      ],
      "Slice",
    ),
    ...dropIn("rkt_journal.service", [["Before", apps]]),
    ...dropIn("rkt_ready-hold.service", [["After", apps]]),
    // An app that says nothing is ready when it is started, also if it fails at once.
    ...(pod.apps.some((app) => app.notify) ? [] : dropIn("rkt_pod-exit.service", [["Environment", "READY=yes"]], "Service")),
  ];
}

function dropIn(unit: string, lines: readonly EntryInput[], section: "Unit" | "Service" | "Slice" = "Unit"): PlanFile[] {
  return [
    { kind: "directory", path: `${treeRoot}${unitDirectory}/${unit}.d`, mode: 0o755 },
    {
      kind: "file",
      path: `${treeRoot}${unitDirectory}/${unit}.d/guest.conf`,
      mode: 0o644,
      content: serializeUnitFile(unitFile({ [section]: lines })),
    },
  ];
}

/** Streams that whoever started the pod reads. */
function consoleStreams({ console }: PodDescription): readonly string[] {
  return console?.kind === "pipes" ? ["stdout", "stderr"] : [];
}

/** For the first program: SOURCE TARGET TYPE OPTIONS a line. The disks' order is that of `machineDisks`. */
function mountLines(pod: PodDescription): string[] {
  const disks = machineDisks(pod);
  const device = (image: string): string => diskDevice(disks.indexOf(image));
  const machine = pod.virtualMachine;
  return [
    ...(machine === undefined ? [] : [`${device(machine.system)} /usr erofs ro,nodev\n`]),
    "tmpfs /tmp tmpfs nosuid,nodev,mode=1777\n",
    "tmpfs /var/tmp tmpfs nosuid,nodev,mode=1777\n",
    `tmpfs ${statusPath} tmpfs nosuid,nodev,noexec,mode=700,size=1M\n`,
    "tmpfs /rkt/rw tmpfs mode=700\n",
    ...pod.apps.flatMap((app) => {
      const { mode = "755", uid = 0, gid = 0 } = app.rootDirectory ?? {};
      const writable = writablePath(app.name);
      return [
        ...app.layers.map((layer, index) => `${device(machine?.disks[layer] ?? "")} ${lowerPath(app.name, index)} erofs ro\n`),
        `- ${writable} dir 755,0,0\n`,
        `- ${writable}/upper dir ${mode},${uid},${gid}\n`,
        `- ${writable}/work dir 755,0,0\n`,
      ];
    }),
    ...credentialMounts(pod, diskDevice(disks.length)),
    ...volumeMounts(pod),
    ...pod.volumes
      .filter((volume) => volume.kind === "tmpfs" || volume.kind === "empty")
      .map((volume) => {
        const size = volume.size === undefined ? "" : `,size=${volume.size}`;
        const options = volume.kind === "tmpfs" ? "nosuid,nodev," : "";
        return `tmpfs ${volumePath(volume.name)} tmpfs ${options}mode=${volume.mode},uid=${volume.uid},gid=${volume.gid}${size}\n`;
      }),
  ];
}

/** What is read-only under nspawn and would not be in a machine of its own. */
const machinePaths = ["/proc/sys", ...["acpi", "apm", "asound", "bus", "fs", "irq", "scsi"].map((name) => `/proc/${name}`)];

/** The same, when the pod's root is the guest's: what the boot script of other pods does, without a program. */
function coverLines(pod: PodDescription): string[] {
  return [
    "tmpfs /run tmpfs nosuid,nodev,mode=755\n",
    "- /run/host dir 755,0,0\n",
    "- /run/host/inaccessible dir 755,0,0\n",
    "- /run/host/inaccessible/dir dir 0,0,0\n",
    "- /run/host/inaccessible/reg file 0,0,0\n",
    ...kernelSettings(pod),
    // The writable layer is in memory, which has no attributes of users before Linux 6.6; and root there is root.
    ...pod.apps.map((app) => `${overlayMount(app)}\n`),
    ...[...machinePaths, ...readOnlyPaths].map((path) => `- ${path} readonly -\n`),
    ...hiddenPaths.map((path) => `/run/host/inaccessible ${path} hidden -\n`),
    "- /sys remount ro,nosuid,nodev,noexec\n",
  ];
}

/** Of a kernel of its own, where the pod's network namespace or the host's kernel has it otherwise. One that this kernel does not take stays as it is. */
function kernelSettings({ network, virtualMachine }: PodDescription): string[] {
  const ports = [
    { path: "net/ipv4/ip_unprivileged_port_start", value: "0" },
    { path: "net/ipv4/ping_group_range", value: "0 2147483647" },
  ];
  const settings = [...(virtualMachine?.kernelSettings ?? []), ...(network.kind === "namespace" ? ports : [])];
  // Words of a line; the kernel takes a tab as well.
  return settings.map(({ path, value }) => `- /proc/sys/${path} value ${value.replaceAll(" ", "\t")}\n`);
}

/** Images on the host in the order of the machine's disks: the system first. */
export function machineDisks({ virtualMachine, apps }: PodDescription): string[] {
  if (virtualMachine === undefined) return [];
  const layers = apps.flatMap((app) => app.layers).map((layer) => virtualMachine.disks[layer] ?? "");
  return [...new Set([virtualMachine.system, ...layers])];
}

function diskDevice(index: number): string {
  return `/dev/vd${diskLetters(index)}`;
}

/** a … z, aa, ab …, as the kernel counts disks. */
function diskLetters(index: number): string {
  const last = String.fromCodePoint(97 + (index % 26));
  return index < 26 ? last : diskLetters(Math.floor(index / 26) - 1) + last;
}
