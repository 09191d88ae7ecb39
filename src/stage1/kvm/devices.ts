import type { PodDescription } from "../../pod/engine.ts";

/** What a hypervisor opens. */
export const kvmDevice = "/dev/kvm";
export const vsockDevice = "/dev/vhost-vsock";
/** Taps are opened by it. */
export const tunDevice = "/dev/net/tun";

export type MachineDevice = typeof kvmDevice | typeof vsockDevice | typeof tunDevice;

export function machineDevices({ virtualMachine, network }: PodDescription): MachineDevice[] {
  return [
    ...(virtualMachine?.accelerator === "tcg" ? [] : ([kvmDevice] as const)),
    vsockDevice,
    ...(network.kind === "namespace" ? ([tunDevice] as const) : []),
  ];
}
