/** An entry as `journalctl --output=json` prints it, and when it was written. */
interface Dated {
  readonly line: string | undefined;
  /** Microseconds since the epoch. */
  readonly at: number;
}

/** A journal, and what was read of it last. */
interface Head {
  readonly reader: AsyncIterator<string | undefined, unknown>;
  /** undefined: it is waited for, or the journal has ended. */
  entry: Dated | undefined;
  ended: boolean;
  /** On the clock of `performance`: after it, others are not kept waiting. */
  patience: number;
}

/** Wakes the one who waits. */
interface Bell {
  ring: () => void;
  failure?: { readonly error: unknown };
}

/** Milliseconds that a journal which is followed is waited for: journalctl has to begin, then it has all that is kept. */
const FIRST_MS = 500;
const NEXT_MS = 100;

/**
 * Lines of several journals in the order of their times, each journal's own order kept. A journal that is followed keeps the lines of
 * others waiting for a moment only, and once until it has another line: what comes late comes late.
 */
export async function* mergeLines(
  sources: readonly AsyncIterable<string | undefined>[],
  { follow = false }: { readonly follow?: boolean } = {},
): AsyncGenerator<string | undefined> {
  const bell: Bell = { ring: () => undefined };
  const heads = sources.map((source) => startReading(source[Symbol.asyncIterator](), bell));
  try {
    for (let open = heads; open.length > 0; open = open.filter(({ ended }) => !ended)) {
      if (bell.failure !== undefined) throw bell.failure.error;
      const delay = delayOf(open, follow);
      if (delay > 0) await hear(bell, delay);
      else yield take(open, bell);
    }
  } finally {
    // Not waited for: a journal that is followed has no end.
    for (const { reader } of heads) void reader.return?.();
  }
}

function startReading(reader: Head["reader"], bell: Bell): Head {
  const head: Head = { reader, entry: undefined, ended: false, patience: 0 };
  advance(head, bell, FIRST_MS);
  return head;
}

/** One reaction to each promise of a line, however often others have lines meanwhile. */
function advance(head: Head, bell: Bell, patience: number): void {
  head.entry = undefined;
  head.patience = performance.now() + patience;
  void next(head.reader)
    .then(
      (entry) => {
        head.entry = entry;
        head.ended = entry === undefined;
      },
      (error: unknown) => void (bell.failure = { error }),
    )
    .then(() => bell.ring());
}

async function next(reader: Head["reader"]): Promise<Dated | undefined> {
  const result = await reader.next();
  if (result.done === true) return undefined;
  const line = result.value as string | undefined;
  return { line, at: Number(/"__REALTIME_TIMESTAMP":"([0-9]{1,17})"/.exec(line ?? "")?.[1] ?? Number.NaN) || 0 };
}

/** Milliseconds until the oldest line may be taken; Infinity: another one has to come before. */
function delayOf(open: readonly Head[], follow: boolean): number {
  const late = open.filter(({ entry }) => entry === undefined);
  if (late.length === 0) return 0;
  if (!follow || late.length === open.length) return Infinity;
  return Math.max(0, ...late.map(({ patience }) => patience - performance.now()));
}

function hear(bell: Bell, delay: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = delay === Infinity ? undefined : setTimeout(resolve, delay);
    bell.ring = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

function take(open: readonly Head[], bell: Bell): string | undefined {
  const isOlder = (a: Dated | undefined, b: Dated | undefined): boolean => a !== undefined && (b === undefined || a.at < b.at);
  const oldest = open.reduce((found, head) => (isOlder(head.entry, found.entry) ? head : found));
  const { entry } = oldest;
  advance(oldest, bell, NEXT_MS);
  return entry?.line;
}
