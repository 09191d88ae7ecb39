import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { releaseAddresses } from "../net/claim-address.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { releaseUserRanges } from "./user-range.ts";

/** Gives back the addresses and ids of a pod that is gone, or that never came to be. */
export function releaseClaimsOf(host: Host, dirs: PodDirectories, uuid: Uuid): void {
  releaseAddresses(host, dirs.dataDir, (holder) => holder === uuid);
  releaseUserRanges(host, dirs.dataDir, (holder) => holder === uuid);
}
