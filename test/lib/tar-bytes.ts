/** Tar archives made byte by byte: also those that no tar program would write. */
export interface TarEntry {
  /** Latin1: each character is one byte. */
  readonly name: string;
  /** Default "0", a file. */
  readonly type?: string;
  readonly data?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly link?: string;
  readonly major?: number;
  readonly minor?: number;
  /** What the header says instead of the data's length. */
  readonly size?: number | string;
  /** Records of an extended header in front of it. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
  /** Changes the finished header block; the checksum is made afterwards. */
  readonly patch?: (block: Buffer) => void;
}

/** Headers and data of the entries, and the two zero blocks. */
export function tarBytes(entries: readonly TarEntry[], end: Buffer = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), end]);
}

/** An image archive: a manifest, `rootfs`, and the entries. */
export function aciBytes(entries: readonly TarEntry[], manifest: object = testManifest()): Buffer {
  return tarBytes([{ name: "manifest", data: JSON.stringify(manifest) }, { name: "rootfs/", type: "5", mode: 0o755 }, ...entries]);
}

export function testManifest(more: object = {}): object {
  return {
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "example.com/test",
    labels: [
      { name: "os", value: "linux" },
      { name: "arch", value: process.arch === "arm64" ? "aarch64" : "amd64" },
    ],
    ...more,
  };
}

export function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const data = Buffer.from(entry.data ?? "");
  const extended = entry.pax === undefined ? [] : entryBlocks({ name: "PaxHeaders/x", type: "x", data: paxData(entry.pax) });
  return [...extended, header(entry, data), data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}

function paxData(records: Readonly<Record<string, string | Buffer>>): Buffer {
  return Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
}

function header(entry: TarEntry, data: Buffer): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number): void =>
    void block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  block.write(entry.name.slice(0, 100), 0, "latin1");
  octal(entry.mode ?? 0o644, 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  if (typeof entry.size === "string") block.write(entry.size, 124, "latin1");
  else octal(entry.size ?? data.length, 124, 12);
  octal(entry.mtime ?? 1_400_000_000, 136, 12);
  block.write(entry.type ?? "0", 156, "latin1");
  block.write((entry.link ?? "").slice(0, 100), 157, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  octal(entry.major ?? 0, 329, 8);
  octal(entry.minor ?? 0, 337, 8);
  entry.patch?.(block);
  block.write(" ".repeat(8), 148, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
