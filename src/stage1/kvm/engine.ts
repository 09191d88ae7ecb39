import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineIdOf, machineNameOf } from "../../base/id.ts";
import type { Engine, EnginePlan, PodDescription } from "../../pod/engine.ts";
import { stopTimeout } from "../tree/stop-timeout.ts";
import { checkVirtualMachine } from "./check.ts";
import { credentialDisks } from "./credentials.ts";
import { equipPod } from "./equip.ts";
import { guestArchive, type GuestUnits, machineDisks } from "./guest-files.ts";
import { hypervisors } from "./hypervisor/index.ts";
import { jailScript } from "./jail.ts";
import { machineInterfaces } from "./network.ts";
import { machineShares } from "./volumes.ts";
import { guestAddresses } from "./sockets.ts";
import { resultCommands } from "./result.ts";
import {
  runtimeDirectory,
  wordsDirectory,
  initrdPath,
  jailFiles,
  launchScript,
  outside,
  serviceLines,
  startCommands,
  stopLine,
  unitLines,
  user,
} from "./service.ts";

/** Pods in a virtual machine: a kernel of their own, below a hypervisor that the unit shuts in; one for whichever the host has, and one for each. */
export function createKvmEngines(units: GuestUnits): Engine[] {
  return [undefined, ...hypervisors.map(({ name }) => name)].map((hypervisor) => ({
    name: hypervisor === undefined ? "kvm" : `kvm:${hypervisor}`,
    check: checkVirtualMachine,
    equip: (pod, host, options) => named(pod, () => equipPod(pod, host, { ...options, hypervisor })),
    plan: (pod) => planKvm(pod, units),
  }));
}

/** What makes machines knows no pods: whose machine could not be made is said here. */
function named<T>({ name, uuid }: PodDescription, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    const message = error.message.replace(/^Cannot make a virtual machine/, (action) => `${action} of pod ${quoteText(name ?? uuid)}`);
    throw new RktError(error.code, message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

function planKvm(pod: PodDescription, units: GuestUnits): EnginePlan {
  const machine = pod.virtualMachine;
  const hypervisor = hypervisors.find(({ name }) => name === machine?.hypervisor);
  const argv = hypervisor?.argv({
    name: machineNameOf(pod.uuid),
    accelerator: machine?.accelerator ?? "kvm",
    memory: machine?.memory ?? 0,
    cpus: machine?.cpus ?? 1,
    kernel: machine?.kernel ?? "",
    initrd: initrdPath(pod),
    kernelArguments: [...(hypervisor?.kernelArguments ?? []), ...kernelArguments(pod)],
    disks: [...machineDisks(pod), ...credentialDisks(pod, runtimeDirectory(pod))],
    terminal: pod.console?.kind === "terminal",
    cid: machine?.cid ?? 0,
    interfaces: machineInterfaces(pod),
    shares: machineShares(pod, runtimeDirectory(pod)),
  });
  return {
    files: [
      ...jailFiles(pod),
      ...(pod.name === undefined
        ? [jailScript(pod, [machine?.program ?? "", ...(argv ?? [])], hypervisor?.environment(runtimeDirectory(pod)) ?? {})]
        : []),
      { kind: "joined", path: "initrd", mode: 0o644, first: machine?.initrd ?? "", content: guestArchive(pod, units) },
    ],
    argv: ["/bin/sh", "-c", launchScript(pod), "sh", machine?.program ?? "", ...(argv ?? [])],
    unit: unitLines(pod),
    service: serviceLines(pod, hypervisor),
    outside,
    ...(pod.network.kind === "namespace" ? { taps: { user } } : {}),
    ...(pod.sockets.length === 0 ? {} : { proxied: guestAddresses(pod) }),
    startCommands: startCommands(pod),
    stopCommands: [`rm -rf --one-file-system ${runtimeDirectory(pod)} ${wordsDirectory(pod)}`],
    ...(pod.name === undefined ? { alone: { argv: ["/bin/sh", `${pod.paths.generation}/jail`], stop: stopLine(pod) } } : {}),
    result: resultCommands(pod, hypervisor),
    liveness: "sibling",
    stopTimeoutUsec: stopTimeout(pod) + 60_000_000,
    machine: { name: machineNameOf(pod.uuid), class: "container" },
  };
}

/** The guest ends by a reboot whatever happens to it: nothing hangs, and nothing says that it ended well but the guest. */
function kernelArguments(pod: PodDescription): string[] {
  return [
    // Where an app has the console, the kernel's last words alone are to be seen there.
    ...["console=hvc0", "quiet", ...(pod.console?.kind === "terminal" ? ["loglevel=1"] : []), "panic=-1"],
    `systemd.machine_id=${machineIdOf(pod.uuid)}`,
    `systemd.hostname=${pod.hostname}`,
    ...["systemd.show_status=0", "systemd.crash_reboot=1"],
  ];
}
