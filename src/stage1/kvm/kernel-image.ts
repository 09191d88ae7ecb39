import type { Host } from "../../host/host.ts";
import { expandLegacyLz4 } from "./lz4.ts";

/** Offsets of x86's boot protocol (Linux, Documentation/arch/x86/boot.rst). */
const SETUP_SECTORS = 0x1f1;
const MAGIC = 0x202;
const VERSION_POINTER = 0x20e;
const PAYLOAD = 0x248;

/** The note by which a hypervisor finds where such a kernel begins (XEN_ELFNOTE_PHYS32_ENTRY, 8 or 4 bytes of address). */
const entryNotes = ["08", "04"].map((size) => Buffer.from(`04000000${size}0000001200000058656e00`, "hex"));

/** Whether these are the bytes of a bzImage. */
export function isCompressedImage(image: Buffer): boolean {
  return image.toString("latin1", MAGIC, MAGIC + 4) === "HdrS";
}

/** The version of its modules, of a bzImage; undefined for other files. */
export function readImageVersion(image: Buffer): string | undefined {
  if (!isCompressedImage(image)) return undefined;
  const start = image.readUInt16LE(VERSION_POINTER) + 0x200;
  return /^[\w.+~-]+/.exec(image.toString("latin1", start, start + 200))?.[0];
}

/**
 * The kernel that a bzImage expands to, once for all starts; undefined where that is not to be had: a way of compression without its program, or
 * a kernel that a hypervisor cannot enter.
 */
export function expandImage(host: Host, image: Buffer): Buffer | undefined {
  if (!isCompressedImage(image)) return undefined;
  const offset = ((image.readUInt8(SETUP_SECTORS) || 4) + 1) * 512 + image.readUInt32LE(PAYLOAD);
  const payload = image.subarray(offset, offset + image.readUInt32LE(PAYLOAD + 4));
  const kernel = expandPayload(host, payload);
  return kernel !== undefined && entryNotes.some((note) => kernel.includes(note)) ? kernel : undefined;
}

const programs = { fd377a58: "xz", "28b52ffd": "zstd", "1f8b08": "gzip", "425a68": "bzip2" };

/** Its last four bytes are the size of what it expands to. */
function expandPayload(host: Host, payload: Buffer): Buffer | undefined {
  if (payload.length < 12) return undefined;
  const size = payload.readUInt32LE(payload.length - 4);
  try {
    if (payload.readUInt32LE(0) === 0x184c2102) return expandLegacyLz4(payload.subarray(0, -4), size);
    const magic = payload.toString("hex", 0, 4);
    const [, program] = Object.entries(programs).find(([start]) => magic.startsWith(start)) ?? [];
    if (program === undefined || host.programs.find(program) === undefined) return undefined;
    // gzip has that size itself, and programs may grumble at what follows.
    const input = program === "gzip" ? payload : payload.subarray(0, -4);
    const { stdout } = host.programs.run([program, "-dc"], { input, check: false });
    return stdout.length === size ? stdout : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
