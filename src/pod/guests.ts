import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { PodDirectories } from "./paths.ts";

/** Files here are named by the context id (vsock(7)) of a running virtual machine, and hold the UUID of its pod. */
export function guestsDirectory({ runDir }: PodDirectories): string {
  return `${runDir}/cids`;
}

export interface Guest {
  /** Context id, where it is reached. */
  readonly cid: number;
  readonly bootId: string;
}

/** Of a pod that runs in a virtual machine. */
export function findGuest(host: Host, dirs: PodDirectories, uuid: Uuid): Guest | undefined {
  const cid = readContextId(host, dirs, uuid);
  const bootId = host.files.tryReadText(`${dirs.runDir}/guests/${uuid}/boot_id`)?.trim() ?? "";
  return cid === undefined || !/^[0-9a-f-]{36}$/.test(bootId) ? undefined : { cid, bootId };
}

function readContextId(host: Host, dirs: PodDirectories, uuid: Uuid): number | undefined {
  const directory = guestsDirectory(dirs);
  const found = host.files
    .tryList(directory)
    .find((name) => /^\d{1,10}$/.test(name) && host.files.tryReadText(`${directory}/${name}`)?.trim() === uuid);
  return found === undefined ? undefined : Number(found);
}
