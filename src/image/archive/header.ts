import type { Header } from "tar-stream";
import { type ArchiveEntry, badEntry, type EntryType, type Timestamp } from "./entry.ts";
import type { ArchiveLimits } from "./limits.ts";
import { splitName } from "./names.ts";
import { paxInteger, type PaxRecords } from "./pax.ts";

const types: Readonly<Record<string, EntryType>> = {
  file: "file",
  "contiguous-file": "file",
  link: "link",
  symlink: "symlink",
  directory: "directory",
  fifo: "fifo",
  "character-device": "character",
  "block-device": "block",
};

/** Offset and length of the numbers in a header block (POSIX ustar). */
const numberFields = {
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  major: [329, 8],
  minor: [337, 8],
} as const;
const xattrPrefix = "SCHILY.xattr.";
const largestId = 0xfffffffe;
/** One attribute of the kernel is at most this long. */
const largestXattr = 65536;

/** What tar-stream read, checked against the header's bytes and completed from the extended header. */
export function toEntry(header: Header, block: Buffer, pax: PaxRecords, limits: ArchiveLimits): ArchiveEntry {
  const { name } = header;
  checkNumbers(name, block);
  const type = readType(name, header, block, pax);
  const size = header.size;
  if (!Number.isSafeInteger(size) || size < 0 || size > limits.totalBytes)
    throw badEntry(name, `says it has ${size} bytes, which is too much`);
  if (type !== "file" && size > 0) throw badEntry(name, `is a ${type} with content`);
  return {
    path: splitName(name, limits),
    type,
    mode: header.mode & 0o7777,
    uid: readId(name, paxInteger(pax, "uid") ?? header.uid),
    gid: readId(name, paxInteger(pax, "gid") ?? header.gid),
    size,
    mtime: readTime(name, pax.get("mtime")?.toString("latin1"), header),
    linkPath: type === "link" ? splitName(linkName(header), limits) : [],
    target: type === "symlink" ? readTarget(name, linkName(header)) : "",
    major: header.devmajor,
    minor: header.devminor,
    xattrs: readXattrs(name, pax),
  };
}

/** Octal digits, or base 256 where the first bit is set: what anyone reads alike. */
function checkNumbers(name: string, block: Buffer): void {
  for (const [field, [start, length]] of Object.entries(numberFields)) {
    const bytes = block.subarray(start, start + length);
    const first = bytes[0] ?? 0;
    const isBinary = first === 0x80 || (first === 0xff && field === "mtime");
    if (!isBinary && !/^[ \0]*[0-7]*[ \0]*$/.test(bytes.toString("latin1"))) throw badEntry(name, `has a ${field} that is no number`);
  }
}

function readType(name: string, header: Header, block: Buffer, pax: PaxRecords): EntryType {
  const flag = String.fromCharCode(block[156] ?? 0);
  if (flag === "S" || [...pax.keys()].some((key) => key.startsWith("GNU.sparse."))) {
    throw badEntry(name, `is a sparse file, which rkt does not read; make the archive without "--sparse"`);
  }
  // tar-stream gives null, which its types do not know, for types that it does not know.
  const type = types[String(header.type)];
  if (type === undefined) throw badEntry(name, `is of type ${JSON.stringify(flag)}, which has no place in an image`);
  return type;
}

function readId(name: string, id: number | undefined): number {
  if (id === undefined || !Number.isInteger(id) || id < 0 || id > largestId)
    throw badEntry(name, "has an owner that is no user or group ID");
  return id;
}

function readTime(name: string, text: string | undefined, header: Header): Timestamp {
  if (text === undefined) return { seconds: Math.floor(header.mtime.getTime() / 1000), nanoseconds: 0 };
  const [, sign, whole = "", fraction = ""] = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(text) ?? [];
  if (sign === undefined) throw badEntry(name, "has a time that is no number");
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign === "") return { seconds: Number(whole), nanoseconds };
  return nanoseconds === 0 ? { seconds: -Number(whole), nanoseconds } : { seconds: -Number(whole) - 1, nanoseconds: 1e9 - nanoseconds };
}

/** null where there is none, other than the types say. */
function linkName(header: Header): string {
  return (header.linkname as string | null) ?? "";
}

function readTarget(name: string, target: string): string {
  if (target === "" || target.length > 4095 || target.includes("\0")) throw badEntry(name, "is a link with a target that cannot be");
  return target;
}

/** The rest belongs to the host that made the archive (labels, ACLs), or would steer an overlay (`trusted.*`, `user.overlay.*`). */
function readXattrs(name: string, pax: PaxRecords): Map<string, Buffer> {
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of pax) {
    if (!key.startsWith(xattrPrefix)) continue;
    const attribute = key.slice(xattrPrefix.length);
    if (!isAllowedXattr(attribute)) continue;
    if (attribute.length > 255 || value.length > largestXattr) throw badEntry(name, "has an extended attribute that is too long");
    xattrs.set(attribute, value);
  }
  return xattrs;
}

function isAllowedXattr(attribute: string): boolean {
  if (attribute === "security.capability") return true;
  return attribute.startsWith("user.") && attribute.length > 5 && !/^user\.overlay(\.|$)/.test(attribute);
}
