import type { Writable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { messageOf, RktError } from "../../base/error.ts";
import type { Chunks } from "../../host/hash-along.ts";
import type { Host } from "../../host/host.ts";
import { badArchive } from "./entry.ts";

export type Compression = "gzip" | "bzip2" | "xz" | "zstd" | "none";

/** The decoder works in a thread of its own and may be this far ahead of what the main thread has read and written. */
const buffers: { readonly chunkSize: number; readonly highWaterMark: number } = { chunkSize: 128 * 1024, highWaterMark: 1024 * 1024 };
const programs = {
  xz: ["xz", "--decompress", "--stdout", "--memlimit-decompress=512MiB"],
  bzip2: ["bzip2", "--decompress", "--stdout"],
} as const;
const magics: readonly (readonly [Compression, string])[] = [
  ["gzip", "1f8b"],
  ["bzip2", "425a68"],
  ["xz", "fd377a585a00"],
  ["zstd", "28b52ffd"],
];

/** Bytes at the start that tell a compression. */
export const MAGIC_LENGTH = 6;

/** Told by the first bytes, never by a name. */
export function detectCompression(start: Buffer): Compression {
  const hex = start.toString("hex", 0, MAGIC_LENGTH);
  return magics.find(([, magic]) => hex.startsWith(magic))?.[0] ?? "none";
}

/**
 * The bytes of an archive, uncompressed. gzip and zstd are Node's, xz and bzip2 the distribution's programs. Nothing of a chunk is kept when
 * the next one is asked for.
 */
export async function* decompress(host: Host, source: Chunks): AsyncGenerator<Uint8Array> {
  const chunks = handOn(source);
  const start = await readStart(chunks);
  const compression = detectCompression(start);
  const whole = prepend(start, chunks);
  if (compression === "none") return yield* whole;
  try {
    if (compression === "gzip") yield* through(whole, createGunzip(buffers));
    else if (compression === "zstd") yield* through(whole, createZstdDecompress(buffers));
    else yield* throughProgram(host, whole, programs[compression]);
  } catch (error) {
    if (error instanceof RktError && error.code === "program-missing") throw error;
    throw badArchive(`its ${compression} data are damaged or truncated (${messageOf(error)})`, error);
  }
}

async function* handOn(source: Chunks): AsyncGenerator<Uint8Array> {
  yield* source;
}

async function readStart(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < MAGIC_LENGTH) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

async function* prepend(start: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

type Filter = NodeJS.ReadWriteStream & AsyncIterable<unknown> & { readonly bytesWritten: number };

async function* through(source: AsyncIterable<Uint8Array>, filter: Filter): AsyncGenerator<Uint8Array> {
  const written = writeInto(filter as unknown as Writable, source);
  written.catch(() => undefined);
  for await (const chunk of filter) yield chunk as Uint8Array;
  // Node stops silently at the end of the first zstd frame.
  if (filter.bytesWritten < (await written)) throw new Error("there is something behind their first frame");
}

/** A chunk is asked for when the one before has been taken in. Returns the bytes of all; what ends the writing ends the filter too. */
async function writeInto(filter: Writable, source: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  // Who reads the filter, or waits for the program, learns of it.
  filter.on("error", () => undefined);
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      await write(filter, chunk);
    }
    filter.end();
  } catch (error) {
    filter.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  return bytes;
}

function write(filter: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    filter.write(chunk, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

async function* throughProgram(host: Host, source: AsyncIterable<Uint8Array>, argv: readonly string[]): AsyncGenerator<Uint8Array> {
  const program = host.programs.pipe(argv);
  const written = writeInto(program.input as Writable, source);
  written.catch(() => undefined);
  try {
    for await (const chunk of program.output) yield chunk as Buffer;
    // Its own words say more than "broken pipe".
    const said = await program.done;
    await written;
    // bzip2 only warns of what it ignores.
    if (said.includes("trailing garbage")) throw new Error("there is something behind them");
  } finally {
    program.kill();
  }
}
