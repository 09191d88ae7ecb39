import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { messageOf, RktError } from "../../base/error.ts";
import type { Host } from "../../host/host.ts";
import { badArchive } from "./entry.ts";

export type Compression = "gzip" | "bzip2" | "xz" | "zstd" | "none";

/** The decoder works in a thread of its own and may be this far ahead of what the main thread has read and written. */
const buffers: { readonly chunkSize: number; readonly highWaterMark: number } = { chunkSize: 128 * 1024, highWaterMark: 1024 * 1024 };
const programs = { xz: ["xz", "--decompress", "--stdout"], bzip2: ["bzip2", "--decompress", "--stdout"] } as const;
const magics: readonly (readonly [Compression, string])[] = [
  ["gzip", "1f8b"],
  ["bzip2", "425a68"],
  ["xz", "fd377a585a00"],
  ["zstd", "28b52ffd"],
];

/** Told by the first six bytes, never by a name. */
export function detectCompression(start: Buffer): Compression {
  const hex = start.toString("hex", 0, 6);
  return magics.find(([, magic]) => hex.startsWith(magic))?.[0] ?? "none";
}

/** The bytes of an archive, uncompressed. gzip and zstd are Node's, xz and bzip2 the distribution's programs. */
export async function* decompress(host: Host, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
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

async function readStart(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let start: Buffer = Buffer.alloc(0);
  while (start.length < 6) {
    const next = await chunks.next();
    if (next.done === true) break;
    start =
      start.length === 0 ? Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length) : Buffer.concat([start, next.value]);
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
  let received = 0;
  const counted = tap(source, (chunk) => (received += chunk.length));
  const written = pipeline(Readable.from(counted), filter as unknown as Writable);
  written.catch(() => undefined);
  for await (const chunk of filter) yield chunk as Uint8Array;
  await written;
  // Node stops silently at the end of the first zstd frame.
  if (filter.bytesWritten < received) throw new Error("there is something behind their first frame");
}

async function* tap(source: AsyncIterable<Uint8Array>, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

async function* throughProgram(host: Host, source: AsyncIterable<Uint8Array>, argv: readonly string[]): AsyncGenerator<Uint8Array> {
  const program = host.programs.pipe(argv);
  const written = pipeline(Readable.from(source), program.input as Writable);
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
