import { createHash } from "node:crypto";
import { tapName } from "../../net/files.ts";
import type { PodDescription } from "../../pod/engine.ts";
import type { MachineSpec } from "./hypervisor/hypervisor.ts";

/** Network cards of the machine, in the order of the pod's interfaces: the guest's kernel calls them eth0 and following. */
export function machineInterfaces({ network, uuid }: PodDescription): MachineSpec["interfaces"] {
  if (network.kind !== "namespace") return [];
  return network.interfaces.map((_, index) => ({ tap: tapName(index), mac: macOf(uuid, index) }));
}

/** Locally administered, of one station; the same at each start. */
function macOf(uuid: string, index: number): string {
  const digest = createHash("sha256").update(`${uuid} ${index}`).digest();
  return ["02", ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
