import { diskFull, ownRemedy } from "../base/disk-full.ts";
import type { PodDirectories } from "../pod/paths.ts";

/** `disk-full`, where the data directory had no room for what is written of a pod; any other error as it is. */
export function explainFull(error: unknown, failed: string, { dataDir }: Pick<PodDirectories, "dataDir">): unknown {
  return diskFull(error, failed, { place: dataDir, remedy: ownRemedy }) ?? error;
}
