/** An entry as `journalctl --output=json` prints it, and when it was written. */
interface Dated {
  readonly line: string | undefined;
  /** Microseconds since the epoch. */
  readonly at: number;
}

type Source = AsyncIterator<string | undefined, unknown>;

/**
 * Lines of several journals in the order of their times, each journal's own order kept. A journal that is followed is waited for no
 * longer than until another one has a line: what comes late comes late.
 */
export async function* mergeLines(
  sources: readonly AsyncIterable<string | undefined>[],
  { follow = false }: { readonly follow?: boolean } = {},
): AsyncGenerator<string | undefined> {
  const readers = sources.map((source) => source[Symbol.asyncIterator]());
  const pending = new Map<Source, Promise<Dated | undefined>>();
  const ready = new Map<Source, Dated>();
  for (const reader of readers) pending.set(reader, next(reader));
  try {
    while (pending.size > 0 || ready.size > 0) {
      await settle(pending, ready, follow);
      const [first] = [...ready].toSorted(([, a], [, b]) => a.at - b.at);
      if (first === undefined) continue;
      const [reader, { line }] = first;
      ready.delete(reader);
      pending.set(reader, next(reader));
      yield line;
    }
  } finally {
    // Not waited for: a journal that is followed has no end.
    for (const reader of readers) void reader.return?.();
  }
}

/** Waits for a line of each journal that has not ended, or, with `follow`, of any. */
async function settle(pending: Map<Source, Promise<Dated | undefined>>, ready: Map<Source, Dated>, follow: boolean): Promise<void> {
  const waiting = [...pending].map(async ([reader, promise]) => ({ reader, entry: await promise }));
  const settled = follow && waiting.length > 0 ? [await Promise.race(waiting)] : await Promise.all(waiting);
  for (const { reader, entry } of settled) {
    pending.delete(reader);
    if (entry !== undefined) ready.set(reader, entry);
  }
}

async function next(reader: Source): Promise<Dated | undefined> {
  const result = await reader.next();
  if (result.done === true) return undefined;
  const line = result.value as string | undefined;
  return { line, at: Number(/"__REALTIME_TIMESTAMP":"([0-9]{1,17})"/.exec(line ?? "")?.[1] ?? Number.NaN) || 0 };
}
