import type { Host } from "../host/host.ts";
import { formatEntry } from "./format.ts";
import { readLines } from "./lines.ts";
import { type JournalQuery, journalctlArgs } from "./paths.ts";

/**
 * The entries of a pod's journal as lines for a terminal, oldest first. With `follow` it goes on until its reader stops
 * (`break` ends journalctl too). Throws `program-failed` with what journalctl says.
 */
export async function* readJournal(host: Host, query: JournalQuery): AsyncGenerator<string> {
  const program = host.programs.pipe(journalctlArgs(query));
  program.input.end();
  let complete = false;
  try {
    for await (const line of readLines(program.output as AsyncIterable<Buffer>)) {
      yield line === undefined ? "(an entry that is too long to be shown)" : formatEntry(line);
    }
    complete = true;
  } finally {
    if (!complete) program.kill();
  }
  await program.done;
}
