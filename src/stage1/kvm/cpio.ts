/** A cpio archive in the "newc" format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */
export type CpioEntry =
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | { readonly kind: "fifo"; readonly path: string; readonly mode: number }
  | { readonly kind: "character"; readonly path: string; readonly mode: number; readonly major: number; readonly minor: number };

const types = { file: 0o100000, directory: 0o040000, symlink: 0o120000, character: 0o020000, fifo: 0o010000 } as const;

/** Reproducible: everything is root's, of no time. Archives may be concatenated: each is padded to 512 bytes. */
export function encodeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => encodeEntry(entry, index + 1));
  const archive = Buffer.concat([...parts, encodeRecord("TRAILER!!!", { inode: 0, mode: 0, data: Buffer.alloc(0) })]);
  return pad(archive, 512);
}

function encodeEntry(entry: CpioEntry, inode: number): Buffer {
  const data = entry.kind === "file" ? entry.content : Buffer.from(entry.kind === "symlink" ? entry.target : "");
  const mode = types[entry.kind] | (entry.kind === "symlink" ? 0o777 : entry.mode);
  return encodeRecord(entry.path, { inode, mode, data, ...(entry.kind === "character" ? { major: entry.major, minor: entry.minor } : {}) });
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly data: Buffer;
  readonly major?: number;
  readonly minor?: number;
}

function encodeRecord(path: string, { inode, mode, data, major = 0, minor = 0 }: Fields): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([pad(Buffer.concat([header, name]), 4), pad(data, 4)]);
}

function pad(bytes: Buffer, unit: number): Buffer {
  const rest = bytes.length % unit;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(unit - rest)]);
}
