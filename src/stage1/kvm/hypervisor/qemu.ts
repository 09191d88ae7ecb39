import { type Hypervisor, type MachineSpec, mebibytes } from "./hypervisor.ts";

/** qemu(1): machine q35, which starts an uncompressed kernel as well as a compressed one. (microvm hangs now and then without KVM.) */
export const qemu: Hypervisor = {
  name: "qemu",
  program: "qemu-system-x86_64",
  debianPackage: "qemu-system-x86",
  emulates: true,
  shares: "virtiofs",
  kernels: "any",
  // All devices are on one bus, which has 32 places: a kernel that looks for 255 others takes a fifth of its boot for it.
  mostDisks: 24,
  // Two places are the machine's own, two those of its console and vsock.
  mostDevices: 28,
  kernelArguments: ["i8042.noaux", "i8042.nokbd", "pci=lastbus=0"],
  statuses: { 1: "it could not set the machine up" },
  environment: () => ({}),
  argv,
};

function argv(spec: MachineSpec): string[] {
  return [
    ...["-name", spec.name, "-nodefaults", "-no-user-config", "-display", "none", "-serial", "none", "-monitor", "none", "-no-reboot"],
    ...["-machine", spec.shares.length === 0 ? "q35" : "q35,memory-backend=memory"],
    ...["-accel", spec.accelerator, "-cpu", spec.accelerator === "kvm" ? "host" : "max"],
    ...["-smp", String(spec.cpus), "-m", `${mebibytes(spec)}M`],
    ...(spec.shares.length === 0 ? [] : ["-object", `memory-backend-memfd,id=memory,size=${mebibytes(spec)}M,share=on`]),
    ...(spec.terminal ? ["-echr", "0x1d"] : []),
    ...[
      "-chardev",
      `stdio,id=console,signal=off${spec.terminal ? ",mux=on" : ""}`,
      "-device",
      "virtio-serial-pci,max_ports=1",
      "-device",
      "virtconsole,chardev=console",
    ],
    ...["-device", `vhost-vsock-pci,guest-cid=${spec.cid}`],
    ...spec.disks.flatMap((path, index) => [
      ...["-drive", `id=disk${index},if=none,format=raw,readonly=on,file=${escapeComma(path)}`],
      ...["-device", `virtio-blk-pci,drive=disk${index}`],
    ]),
    ...spec.interfaces.flatMap(({ tap, mac }, index) => [
      ...["-netdev", `tap,id=net${index},ifname=${tap},script=no,downscript=no`],
      ...["-device", `virtio-net-pci,netdev=net${index},mac=${mac},romfile=`],
    ]),
    ...spec.shares.flatMap(({ tag, source }, index) => [
      ...["-chardev", `socket,id=share${index},path=${escapeComma(source)}`],
      ...["-device", `vhost-user-fs-pci,chardev=share${index},tag=${tag}`],
    ]),
    ...["-kernel", spec.kernel, "-initrd", spec.initrd, "-append", spec.kernelArguments.join(" ")],
  ];
}

/** A comma ends a value; two are one. */
function escapeComma(text: string): string {
  return text.replaceAll(",", ",,");
}
