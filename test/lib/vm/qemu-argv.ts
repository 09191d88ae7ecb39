import { join } from "node:path";
import type { VmDisk } from "./disk.ts";

export interface QemuOptions {
  /** Where console, sockets and key of this machine lie. */
  readonly directory: string;
  /** A qcow2 file of its own, whose snapshot is written to or resumed. */
  readonly drive: string;
  readonly resume: boolean;
}

/** Name of the saved state within the drive. */
export const SNAPSHOT = "up";

/** qemu's version and these lines make the state of a machine: what was saved under others cannot be resumed. */
export const MACHINE: readonly string[] = [
  "-nodefaults",
  "-no-user-config",
  "-display",
  "none",
  "-machine",
  "q35",
  // Hardware support is there on few machines that run tests; without it everywhere, results are the same everywhere.
  "-accel",
  "tcg,thread=multi,tb-size=256",
  "-cpu",
  "max",
  "-smp",
  "2",
  "-m",
  "2G",
  "-append",
  "console=ttyS0 quiet net.ifnames=0",
  "-device",
  "virtio-blk-pci,drive=root",
  "-device",
  "virtio-net-pci,netdev=net,romfile=",
  "-device",
  "virtio-rng-pci",
  "-device",
  "virtio-serial-pci",
  "-device",
  "virtserialport,chardev=booted,name=booted",
  "-serial",
  "chardev:console",
];

export function qemuArgv(disk: VmDisk, { directory, drive, resume }: QemuOptions): readonly string[] {
  return [
    "qemu-system-x86_64",
    ...MACHINE,
    "-kernel",
    disk.kernel,
    "-initrd",
    disk.initrd,
    "-drive",
    `if=none,id=root,file=${drive},format=qcow2,cache=unsafe`,
    // Nothing reaches outside; the way in has a port of its own choice, on the loopback only.
    "-netdev",
    "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22",
    "-chardev",
    `file,id=console,path=${join(directory, "console")}`,
    "-chardev",
    `socket,id=booted,path=${join(directory, "booted")},server=on,wait=off`,
    "-qmp",
    `unix:${join(directory, "qmp")},server=on,wait=off`,
    ...(resume ? ["-loadvm", SNAPSHOT] : []),
  ];
}
