import type { Host } from "../host/host.ts";
import { formatEntry } from "./format.ts";
import { readLines } from "./lines.ts";
import { mergeLines } from "./merge.ts";
import { type JournalQuery, journalctlArgs } from "./paths.ts";

/**
 * The entries of a pod's journal as lines for a terminal, oldest first; of several queries in the order of time. With `follow` it goes
 * on until its reader stops (`break` ends journalctl too). Throws `program-failed` with what journalctl says.
 */
export async function* readJournal(host: Host, query: JournalQuery, ...others: readonly JournalQuery[]): AsyncGenerator<string> {
  const sources = [query, ...others].map((one) => readEntries(host, one));
  const [only] = sources;
  const lines = others.length === 0 && only !== undefined ? only : mergeLines(sources, { follow: query.follow ?? false });
  for await (const line of lines) yield line === undefined ? "(an entry that is too long to be shown)" : formatEntry(line);
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
