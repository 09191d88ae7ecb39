import type { Host } from "../host/host.ts";
import { formatEntry } from "./format.ts";
import { readLines } from "./lines.ts";
import { mergeLines } from "./merge.ts";
import { type JournalBounds, journalctlArgs, type JournalQuery, type JournalSource } from "./paths.ts";

type Entries = AsyncIterable<string | undefined>;

/**
 * The entries of a pod's journal as lines for a terminal, oldest first; of several queries in the order of time, `lines` entries of all
 * together. With `follow` it goes on until its reader stops (`break` ends journalctl too). Throws `program-failed` with what journalctl says.
 */
export async function* readJournal(host: Host, sources: readonly JournalSource[], bounds: JournalBounds): AsyncGenerator<string> {
  const journals = sources.map((source) => readEntries(host, { ...source, ...bounds }));
  const [only] = journals;
  const entries = journals.length === 1 && only !== undefined ? only : mergeJournals(journals, bounds);
  for await (const entry of entries) {
    if (entry === undefined) yield "(an entry that is too long to be shown)";
    else yield* formatEntry(entry);
  }
}

function mergeJournals(journals: readonly Entries[], { follow = false, lines }: JournalBounds): Entries {
  const merged = mergeLines(journals, { follow });
  return follow || lines === undefined ? merged : keepLast(merged, lines);
}

/** Each journal gave no more than its own last ones. */
async function* keepLast(lines: Entries, count: number): AsyncGenerator<string | undefined> {
  const all: (string | undefined)[] = [];
  for await (const line of lines) all.push(line);
  yield* all.slice(Math.max(0, all.length - count));
}

/** As journalctl prints them; undefined: one that is too long. */
async function* readEntries(host: Host, query: JournalQuery): AsyncGenerator<string | undefined> {
  const program = host.programs.pipe(journalctlArgs(query));
  program.input.end();
  let complete = false;
  try {
    yield* readLines(program.output as AsyncIterable<Buffer>);
    complete = true;
  } finally {
    if (!complete) program.kill();
  }
  await program.done;
}
