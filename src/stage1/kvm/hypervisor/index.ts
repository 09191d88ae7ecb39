import type { Hypervisor } from "./hypervisor.ts";
import { lkvm } from "./lkvm.ts";
import { qemu } from "./qemu.ts";

/** Every driver of this build, in the order in which they are tried where nothing is configured. */
export const hypervisors: readonly Hypervisor[] = [qemu, lkvm];
