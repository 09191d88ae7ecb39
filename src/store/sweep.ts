import { join } from "node:path";
import { type ImageId, parseImageId } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { blobPath, type Layout } from "./layout.ts";
import { listRecords } from "./record.ts";

/**
 * Removes what a process that died between two steps left: halves of records, and blobs whose record was never written.
 * Call under the lock that all who place blobs and records hold.
 */
export function sweepUnrecorded(host: Host, layout: Layout): void {
  for (const name of host.files.tryList(layout.records)) {
    if (name.startsWith(".") && name.endsWith(".tmp")) host.files.unlink(join(layout.records, name));
  }
  const recorded = new Set(listRecords(host, layout));
  for (const id of listBlobs(host, layout)) {
    if (!recorded.has(id)) host.files.unlink(blobPath(layout, id));
  }
}

function listBlobs(host: Host, layout: Layout): ImageId[] {
  const names = host.files.tryList(layout.blobs).flatMap((folder) => host.files.tryList(join(layout.blobs, folder)));
  return names.filter((name) => /^sha512-[0-9a-f]{128}$/.test(name)).map(parseImageId);
}
