import { quoteText } from "../../base/escape.ts";
import { quoteShell } from "../../base/quote-shell.ts";
import type { PodDescription } from "../../pod/engine.ts";
import { kvmDevice, type MachineDevice, machineDevices, tunDevice, vsockDevice } from "./devices.ts";

const modules: Readonly<Record<MachineDevice, string>> = {
  [kvmDevice]: "kvm_intel or kvm_amd, which a processor's firmware may have switched off",
  [vsockDevice]: "vhost_vsock",
  [tunDevice]: "tun",
};

/** Who has the machine's context id: the pod's UUID. */
export function cidFile({ virtualMachine }: PodDescription): string {
  return `/run/rkt/cids/${virtualMachine?.cid ?? 0}`;
}

/**
 * A host may have changed since the apply: said here in words, where systemd or the hypervisor would name system calls. In sh, for the
 * start; `files` are those of the machine.
 */
export function startChecks(pod: PodDescription, files: readonly string[]): string[] {
  const again = pod.name === undefined ? "" : `; "rkt pod apply ${pod.name}" makes it again`;
  return [
    ...machineDevices(pod).map(
      (path) => `[ -c ${path} ] || ${refuse(pod, `the host has no ${path}; load the kernel's module ${modules[path]}`)}`,
    ),
    ...files.map((path) => `[ -e ${quoteShell(path)} ] || ${refuse(pod, `${path} is gone${again}`)}`),
    `! systemctl --quiet is-failed ${sockets.join(" ")} || ` +
      refuse(
        pod,
        `nothing listens to it; "systemctl status '${sockets[0]}'" tells why, and the kernel's module vhost_vsock may be missing`,
      ),
    ...cidChecks(pod),
  ];
}

const sockets = ["status", "journal", "control"].map((name) => `rkt-vm-${name}.socket`);

function cidChecks(pod: PodDescription): string[] {
  const file = cidFile(pod);
  const reason = `pod "'"$other"'", which runs, has the same context id; give one of them another UUID`;
  return [
    `other=; [ ! -e ${file} ] || read -r other < ${file}`,
    `[ -z "$other" ] || [ "$other" = ${pod.uuid} ] || [ ! -e "/run/rkt/vm/$other" ] || { echo '${cannotStart(pod)}: ${reason}' >&2; exit 1; }`,
  ];
}

function refuse(pod: PodDescription, reason: string): string {
  return `{ echo ${quoteShell(`${cannotStart(pod)}: ${reason}`)} >&2; exit 1; }`;
}

function cannotStart({ name, uuid }: PodDescription): string {
  return `Cannot start pod ${quoteText(name ?? uuid)} in a virtual machine`;
}
