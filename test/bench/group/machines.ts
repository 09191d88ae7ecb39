import type { Group } from "../group.ts";
import type { Samples } from "../driver.ts";
import { measureMachines } from "../machines.ts";

export const machinesGroup: Group = {
  key: "k",
  title: "a pod in a virtual machine, from systemctl start to the app's first instruction, nested in an emulated one",
  figures: [
    { key: "toApp", title: "to the app", unit: "ms", drawn: true },
    { key: "unit", title: "unit", unit: "ms" },
    { key: "hypervisor", title: "hypervisor", unit: "ms" },
    { key: "kernel", title: "kernel", unit: "ms" },
    { key: "initrd", title: "initrd", unit: "ms" },
    { key: "systemd", title: "systemd", unit: "ms" },
    { key: "app", title: "app", unit: "ms" },
    { key: "memory", title: "PSS", unit: "MB" },
    { key: "charged", title: "charged", unit: "MB" },
  ],
  base: "bare-qemu",
  targets: (["qemu", "lkvm"] as const).map((name) => ({
    title: `a pod against a bare boot, ${name}`,
    figure: "toApp",
    of: `pod-${name}`,
    to: `bare-${name}`,
    atMost: 1.6,
  })),
  async measure({ suite }, rounds) {
    const { hypervisors, accelerator, samples } = await measureMachines(suite, rounds);
    const row = (kind: string, what: string) => (name: string) => ({
      key: `${kind}-${name}`,
      title: `${what}, ${name} with ${accelerator.toUpperCase()}`,
      samples: samples.get(`${kind}-${name}`) ?? {},
    });
    return {
      rows: [...hypervisors.map(row("bare", "the kernel and an init")), ...hypervisors.map(row("pod", "rkt's pod"))],
      notes: [
        "unit: what stands before the hypervisor; hypervisor: until the kernel has a clock, with firmware and decompression; kernel, initrd, systemd: until each gives way to the next.",
        ...lostSamples(samples),
        "Memory is that of the hypervisor and its guest in the unit's control group, for a machine of 256 MiB and an app of less than 1 MB.",
      ],
    };
  },
};

function lostSamples(samples: Samples): string[] {
  const lost = [...samples].flatMap(([row, { lost: found = [] }]) => (found.length === 0 ? [] : [`${row}: ${found.length}`]));
  return lost.length === 0 ? [] : [`Machines that the emulator lost, which have no figures: ${lost.join(", ")}.`];
}
