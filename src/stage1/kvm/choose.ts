import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { VirtualMachine } from "../../pod/engine.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";
import { hypervisors } from "./hypervisor/index.ts";
import type { MachineSettings } from "./settings.ts";

type Choice = Pick<VirtualMachine, "hypervisor" | "program" | "accelerator">;

const kvmDevice = "/dev/kvm";
const vsockDevice = "/dev/vhost-vsock";

/** Programs of the distribution, and what each does. */
const programs = {
  "mkfs.erofs": { what: "makes disks of images", hint: "Install the package erofs-utils" },
  modprobe: { what: "finds the guest's modules", hint: "Install the package kmod" },
  "/usr/lib/systemd/systemd-journal-remote": { what: "writes the guest's journal", hint: "Install the package systemd-journal-remote" },
};

/**
 * The hypervisor of this name, else the first one of the settings that the host has and that can run here. Throws `hypervisor-missing`,
 * `vm-device-missing` or `vm-program-missing`.
 */
export function chooseHypervisor(host: Host, settings: Omit<MachineSettings, "kernel">, wanted?: string): Choice {
  const names = wanted === undefined ? settings.hypervisors : [wanted];
  const candidates = names.flatMap((name) => hypervisors.find((hypervisor) => hypervisor.name === name) ?? []);
  const installed = candidates.flatMap((hypervisor) => {
    const path = host.programs.find(hypervisor.program);
    return path === undefined ? [] : [{ hypervisor, path }];
  });
  if (installed.length === 0) throw missing(candidates);
  const accelerated = isDevice(host, kvmDevice);
  const found = installed.find(({ hypervisor }) => accelerated || (settings.emulation && hypervisor.emulates));
  if (found === undefined) throw withoutKvm(installed.map(({ hypervisor }) => hypervisor));
  if (!isDevice(host, vsockDevice)) throw deviceMissing(vsockDevice, "Load the kernel's module vhost_vsock");
  for (const [program, { what, hint }] of Object.entries(programs)) {
    if (host.programs.find(program) === undefined)
      throw new RktError("vm-program-missing", `Cannot make a virtual machine: the host has no ${program}, which ${what}`, { hint });
  }
  return { hypervisor: found.hypervisor.name, program: found.path, accelerator: accelerated ? "kvm" : "tcg" };
}

function isDevice(host: Host, path: string): boolean {
  return host.files.tryLstat(path)?.type === "character";
}

function deviceMissing(path: string, hint: string): RktError {
  return new RktError("vm-device-missing", `Cannot make a virtual machine: the host has no ${path}`, { hint });
}

function withoutKvm(installed: readonly Hypervisor[]): RktError {
  const load = "Load the kernel's module kvm_intel or kvm_amd; a processor's firmware may have virtualisation switched off";
  const emulating = installed.find(({ emulates }) => emulates);
  const allow =
    emulating === undefined ? "" : `; without it ${emulating.name} can emulate, slowly, where "emulation" of rkt-config(5) is true`;
  return deviceMissing(kvmDevice, `${load}${allow}`);
}

function missing(candidates: readonly Hypervisor[]): RktError {
  const names = candidates.map(({ program }) => quoteText(program)).join(" or ");
  const packaged = candidates.flatMap(({ debianPackage }) => debianPackage ?? []);
  return new RktError("hypervisor-missing", `Cannot make a virtual machine: the host has no program ${names}`, {
    hint:
      packaged[0] === undefined
        ? "No distribution ships it: install it yourself, in a folder of PATH"
        : `Install the package ${packaged[0]}`,
  });
}
