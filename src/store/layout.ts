import { join } from "node:path";
import type { ImageId } from "../base/id.ts";
import type { Host } from "../host/host.ts";

/** Where things lie below the data directory (/var/lib/rkt). */
export interface Layout {
  readonly data: string;
  readonly cas: string;
  /** Readable for members of the group that owns the data directory: what `rkt image list` shows. */
  readonly records: string;
  /** Below here lie setuid files of strangers: for root only. */
  readonly blobs: string;
  readonly trees: string;
  readonly temporary: string;
  readonly locks: string;
}

export function layoutOf(data: string): Layout {
  const cas = join(data, "cas");
  return {
    data,
    cas,
    records: join(cas, "image"),
    blobs: join(cas, "blob", "sha512"),
    trees: join(cas, "tree"),
    temporary: join(cas, "tmp"),
    locks: join(data, "locks"),
  };
}

export function blobPath(layout: Layout, id: ImageId): string {
  return join(layout.blobs, id.slice("sha512-".length, "sha512-".length + 2), id);
}

export function recordPath(layout: Layout, id: ImageId): string {
  return join(layout.records, `${id}.json`);
}

/** Makes what is missing. Only called by what writes: readers may be members of the group. */
export function makeLayout(host: Host, layout: Layout): void {
  const { files } = host;
  files.mkdir(layout.data, { mode: 0o2750, recursive: true });
  for (const path of [layout.cas, layout.records, layout.locks]) files.mkdir(path, { mode: 0o2750, recursive: true });
  for (const path of [join(layout.cas, "blob"), layout.blobs, layout.trees, layout.temporary]) {
    files.mkdir(path, { mode: 0o700, recursive: true });
  }
}
