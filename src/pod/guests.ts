import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { PodDirectories } from "./paths.ts";

/** Files here are named by the context id (vsock(7)) of a running virtual machine, and hold the UUID of its pod. */
export function guestsDirectory({ runDir }: PodDirectories): string {
  return `${runDir}/cids`;
}

/** Where the guest of a pod that runs in a virtual machine is reached. */
export function readContextId(host: Host, dirs: PodDirectories, uuid: Uuid): number | undefined {
  const directory = guestsDirectory(dirs);
  const found = host.files
    .tryList(directory)
    .find((name) => /^\d{1,10}$/.test(name) && host.files.tryReadText(`${directory}/${name}`)?.trim() === uuid);
  return found === undefined ? undefined : Number(found);
}
