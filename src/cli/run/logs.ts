import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineIdOf, tryUuid } from "../../base/id.ts";
import { journalDirectories, type JournalQuery } from "../../journal/paths.ts";
import { readJournal } from "../../journal/read.ts";
import { findPod } from "../../pod/find.ts";
import { hostJournalMatches } from "../../pod/host-journal.ts";
import { labelOf } from "../../pod/pod.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { dirsOf } from "../pod-view.ts";

export async function run(context: Context, [name = ""]: readonly string[], options: OptionValues): Promise<number> {
  const source = journalOf(context, name);
  const app = options.text("app");
  const lines = parseLines(options.text("lines"));
  const query = {
    ...source,
    follow: options.flag("follow"),
    ...(app === undefined ? {} : { app }),
    ...(lines === undefined ? {} : { lines }),
  };
  for await (const line of readJournal(context.host, query)) context.stdout.write(`${line}\n`);
  return 0;
}

/** A pod that was removed has no name any more, but its whole UUID leads to its journal until gc has removed that. */
function journalOf(context: Context, text: string): Pick<JournalQuery, "directories" | "matches"> {
  const gone = tryUuid(text);
  const kept = gone === undefined ? [] : journalDirectories(context.host, machineIdOf(gone));
  if (kept.length > 0) return { directories: kept };
  const pod = findPod(context.host, dirsOf(context), text);
  const matches = hostJournalMatches(context.host, pod);
  if (matches !== undefined) return { directories: [], matches };
  const directories = journalDirectories(context.host, machineIdOf(pod.uuid));
  if (directories.length > 0) return { directories };
  throw new RktError("journal-missing", `Cannot read the journal of pod ${quoteText(labelOf(pod))}: there is none`, {
    hint: "It was never started, or gc has removed it",
  });
}

function parseLines(text: string | undefined): number | undefined {
  if (text === undefined || text === "all") return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new RktError("usage", `Cannot print ${quoteText(text)} lines: it is no number`);
}
