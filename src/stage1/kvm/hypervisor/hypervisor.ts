/** A virtual machine as its hypervisor is told of it: plain data, paths as its jail shows them. */
export interface MachineSpec {
  /** Names the process and, where the hypervisor has one, its control socket. */
  readonly name: string;
  readonly accelerator: "kvm" | "tcg";
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  readonly kernel: string;
  readonly initrd: string;
  /** Arguments for the guest's kernel, in order. The unit appends another one to the last word of argv. */
  readonly kernelArguments: readonly string[];
  /** Raw images, read-only, in order: /dev/vda and following. */
  readonly disks: readonly string[];
  /** Its console is a terminal that somebody types at: ^] and "x" end the machine, where the hypervisor can be told so. */
  readonly terminal: boolean;
  /** Context id of vsock(7). */
  readonly cid: number;
  /** Taps of the unit's network namespace, in order: eth0 and following. */
  readonly interfaces: readonly { readonly tap: string; readonly mac: string }[];
  /** What the guest mounts by these tags: the sockets of virtiofs servers, or the directories themselves, as `shares` of the driver says. */
  readonly shares: readonly { readonly tag: string; readonly source: string }[];
}

/** As hypervisors are told of memory. */
export function mebibytes({ memory }: MachineSpec): string {
  return String(memory / 2 ** 20);
}

/**
 * A driver: what a hypervisor can, and its command line. Nothing of it stays with the machine, and none is told how to stop: the guest is
 * asked by its control line and ends by a reboot, which every hypervisor knows; what has not ended in time is killed by signals.
 */
export interface Hypervisor {
  /** As in configuration and as shown to users. */
  readonly name: string;
  /** Base name of its program. */
  readonly program: string;
  /** Debian package that has it; undefined: none does. */
  readonly debianPackage?: string;
  /** It can run without /dev/kvm. */
  readonly emulates: boolean;
  /** How its guests get directories: "virtiofs" from a server beside it, "9p" from itself, with its own rights. */
  readonly shares: "virtiofs" | "9p";
  /** "compressed": it starts nothing but a bzImage. */
  readonly kernels: "any" | "compressed";
  /** Absent: more than any pod has. */
  readonly mostDisks?: number;
  /** Disks, interfaces and shares together; absent as above. */
  readonly mostDevices?: number;
  /** Option of a kernel without which its guests have one processor, whatever they are given. */
  readonly processorsNeed?: string;
  /** Kernel arguments that its machines need besides those of every machine. */
  readonly kernelArguments: readonly string[];
  /** Its exit statuses that say why no machine came to be: for people. 0 proves nothing: it is also that of a panic. */
  readonly statuses: Readonly<Record<number, string>>;
  /** Variables that its process needs; `directory` is one that it may write in. */
  environment(directory: string): Readonly<Record<string, string>>;
  /** The command line without the program; its last word is the kernel's command line. The machine ends when its guest reboots. */
  argv(spec: MachineSpec): readonly string[];
}
