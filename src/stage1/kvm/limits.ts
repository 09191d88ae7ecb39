import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { PodDescription, VirtualMachine } from "../../pod/engine.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";
import { isCompressedImage } from "./kernel-image.ts";
import { everyMachine, isBuiltWith, type Kernel } from "./kernel.ts";
import { sharedVolumes } from "./volumes.ts";

/** What this pod's guest loads, by name; `rare`: what not every kernel has. */
export function guestModules(pod: PodDescription, { shares }: Hypervisor): { readonly modules: string[]; readonly rare: string[] } {
  const sharing = sharedVolumes(pod).length === 0 ? [] : shares === "9p" ? ["9p", "9pnet_virtio"] : ["virtiofs"];
  const network = pod.network.kind === "namespace" ? ["virtio_net"] : [];
  return { modules: [...everyMachine, ...network, ...sharing], rare: sharing };
}

/** Refuses what this hypervisor cannot carry, in one sentence each. `disks`: without the guest's own; `others`: its interfaces and shares. */
export function assertCarried(
  host: Host,
  { name, kernels, mostDisks, mostDevices }: Hypervisor,
  kernel: Kernel,
  { disks, others }: { readonly disks: number; readonly others: number },
): void {
  const refuse = (reason: string, hint: string): never => {
    throw new RktError("kvm-refused", `Cannot make a virtual machine under ${name}: ${reason}`, { hint });
  };
  if (mostDisks !== undefined && disks + 1 > mostDisks)
    refuse(
      `it takes ${mostDisks} disks, and the pod needs ${disks + 1}, for its system, its images' layers and its credentials`,
      layersHint(name),
    );
  if (mostDevices !== undefined && disks + 1 + others > mostDevices)
    refuse(
      `it takes ${mostDevices} devices, and the pod has ${disks + 1} disks and ${others} volumes of the host and interfaces`,
      "Share a directory that holds several of them, or make pods of fewer apps",
    );
  if (kernels === "compressed" && !isCompressedImage(host.files.read(kernel.image)))
    refuse(`it starts no kernel like ${quoteText(kernel.image)}, which is no bzImage`, "Name another one in rkt-config(5)");
}

function layersHint(name: string): string {
  return name === "qemu" ? "Make pods of fewer apps, or of images with fewer layers" : "Set Stage1=kvm:qemu";
}

/** What will be different from what the pod's file seems to say. */
export function machineWarnings(
  pod: PodDescription,
  {
    host,
    hypervisor,
    kernel,
    machine,
  }: { readonly host: Host; readonly hypervisor: Hypervisor; readonly kernel: Kernel } & {
    readonly machine: Pick<VirtualMachine, "accelerator" | "cpus">;
  },
): string[] {
  const volumes = sharedVolumes(pod).map(({ name }) => quoteText(name));
  const { name, shares, processorsNeed } = hypervisor;
  return [
    ...(machine.accelerator === "tcg" ? [`The virtual machine is emulated by ${name}, which is slow: the host has no /dev/kvm`] : []),
    ...(shares === "9p" && volumes.length > 0
      ? [
          `9p carries ${volumes.join(", ")} under ${name}: the user rkt-vm must be allowed what the pod does there and owns what it makes; owners cannot be changed, and special files, locks and extended attributes do not work`,
        ]
      : []),
    ...(machine.cpus > 1 && processorsNeed !== undefined && isBuiltWith(host, kernel, processorsNeed) === false
      ? [`The pod has one processor under ${name} instead of ${machine.cpus}: kernel ${kernel.version} lacks ${processorsNeed}`]
      : []),
  ];
}
