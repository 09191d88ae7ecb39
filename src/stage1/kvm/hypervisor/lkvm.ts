import { type Hypervisor, type MachineSpec, mebibytes } from "./hypervisor.ts";

/**
 * kvmtool's lkvm. It has no ACPI: a guest can end by a reboot only, and knows of a second processor by an old table alone. Another kernel
 * than a bzImage makes it spin for ever; for more than four disks it ends.
 */
export const lkvm: Hypervisor = {
  name: "lkvm",
  program: "lkvm",
  emulates: false,
  shares: "9p",
  kernels: "compressed",
  mostDisks: 4,
  processorsNeed: "CONFIG_X86_MPPARSE",
  // With --nodefaults the guest gets no others: without these it finds no device, or cannot end.
  kernelArguments: "pci=conf1 noapic noacpi reboot=k i8042.direct=1 i8042.dumbkbd=1 i8042.nopnp=1 i8042.noaux=1".split(" "),
  statuses: { 1: "it did not get a device", 128: "it could not set the machine up", 129: "it does not know an option" },
  // It makes its control socket there, and does not start without.
  environment: (directory) => ({ HOME: directory }),
  argv,
};

function argv(spec: MachineSpec): string[] {
  return [
    ...["run", "--nodefaults", "--name", spec.name, "--cpus", String(spec.cpus), "--mem", mebibytes(spec), "--console", "virtio"],
    ...["--vsock", String(spec.cid)],
    ...spec.disks.flatMap((path) => ["--disk", `${path},ro`]),
    ...spec.shares.flatMap(({ tag, source }) => ["--9p", `${source},${tag}`]),
    // Said nothing, it would add a network of its own.
    ...(spec.interfaces.length === 0
      ? ["--network", "mode=none"]
      : spec.interfaces.flatMap(({ tap, mac }) => ["--network", `mode=tap,tapif=${tap},script=none,guest_mac=${mac}`])),
    ...["--kernel", spec.kernel, "--initrd", spec.initrd, "--params", spec.kernelArguments.join(" ")],
  ];
}
