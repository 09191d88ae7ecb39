import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { type Said, settingsOf } from "../../spec/merge-config.ts";
import { hypervisors } from "./hypervisor/index.ts";

/** What an administrator has chosen for all machines of this host (rkt-config(5), kind kvm). */
export interface MachineSettings {
  /** Names of drivers, the first one that the host has is taken. */
  readonly hypervisors: readonly string[];
  /** Without /dev/kvm a machine may be emulated. */
  readonly emulation: boolean;
  /** "auto", or the path of an image. */
  readonly kernel: string;
}

/** Throws `hypervisor-unknown`. */
export function readMachineSettings(config: readonly Said[]): MachineSettings {
  const known = hypervisors.map(({ name }) => name);
  let settings: MachineSettings = { hypervisors: known, emulation: false, kernel: "auto" };
  for (const { setting, path } of settingsOf(config, "kvm")) {
    if (setting.field === "emulation") settings = { ...settings, emulation: setting.allowed };
    else if (setting.field === "kernel") settings = { ...settings, kernel: setting.kernel };
    else {
      const stranger = setting.names.find((name) => !known.includes(name));
      if (stranger !== undefined) throw unknown(stranger, path, known);
      settings = { ...settings, hypervisors: setting.names };
    }
  }
  return settings;
}

function unknown(name: string, path: string, known: readonly string[]): RktError {
  return new RktError(
    "hypervisor-unknown",
    `Cannot make a virtual machine: ${quoteText(path)} names the hypervisor ${quoteText(name)}, which rkt does not know`,
    { hint: `Name ${known.join(" or ")}` },
  );
}
