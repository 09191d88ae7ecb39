import type { RunningHash } from "./host.ts";
import { BLOCKS_KEPT } from "./read-blocks.ts";

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Hands chunks on while other threads hash the same bytes, which may be behind by a few: what was handed on must stay as it is as long as
 * blocks of a file do (`Files.blocks`).
 */
export async function* hashAlong(chunks: Chunks, hashes: readonly RunningHash[]): AsyncGenerator<Uint8Array> {
  const behind: Promise<unknown>[] = [];
  for await (const chunk of chunks) {
    behind.push(Promise.all(hashes.map((hash) => hash.update(chunk))));
    yield chunk;
    if (behind.length === BLOCKS_KEPT) await behind.shift();
  }
  await Promise.all(behind);
}

/** Nothing but hashes them. */
export async function hashAll(chunks: Chunks, hashes: readonly RunningHash[]): Promise<void> {
  const handed = hashAlong(chunks, hashes);
  for (let next = await handed.next(); next.done !== true; next = await handed.next());
}
