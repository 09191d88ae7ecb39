import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineIdOf, tryUuid } from "../../base/id.ts";
import { journalDirectories, type JournalSource } from "../../journal/paths.ts";
import { readJournal } from "../../journal/read.ts";
import { findPod } from "../../pod/find.ts";
import { hostJournalMatches } from "../../pod/host-journal.ts";
import { labelOf, type Pod, unitOf } from "../../pod/pod.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { dirsOf, viewOne } from "../pod-view.ts";

export async function run(context: Context, [name = ""]: readonly string[], options: OptionValues): Promise<number> {
  const app = options.text("app");
  const lines = parseLines(options.text("lines"));
  const bounds = { follow: options.flag("follow"), ...(lines === undefined ? {} : { lines }) };
  const own = journalOf(context, name, options.flag("events"));
  const sources = [
    ...(own === undefined ? [] : [{ ...own, ...(app === undefined ? {} : { app }) }]),
    ...(options.flag("events") ? [eventsOf(context, name)] : []),
  ];
  const stranger = app === undefined ? undefined : strangerOf(context, name, app);
  // Its lines may be those of an earlier generation.
  if (bounds.follow && stranger !== undefined) context.stderr.write(`logs: ${stranger.message}, now\n`);
  let printed = false;
  try {
    for await (const line of readJournal(context.host, sources, bounds)) {
      printed = true;
      context.stdout.write(`${line}\n`);
    }
  } catch (error) {
    throw explainRefusal(error, name);
  }
  if (!printed && stranger !== undefined) throw stranger;
  return 0;
}

/** journalctl says it in two ways: of the directory, and of all files in it. Any other error is returned as it is. */
function explainRefusal(error: unknown, pod: string): unknown {
  if (!(error instanceof RktError) || error.code !== "program-failed") return error;
  if (!/permission denied|insufficient permissions/i.test(error.message)) return error;
  return new RktError("no-access", `Cannot read the journal of pod ${quoteText(pod)}: permission denied`, {
    hint: "Journals are for root and for members of group systemd-journal",
    cause: error,
  });
}

/** Why nothing may come of an app: its pod, where that is still there, has none of that name. */
function strangerOf(context: Context, text: string, app: string): RktError | undefined {
  const pod = findUnlessGone(context, text);
  const apps = pod === undefined ? [] : viewOne(context, pod.uuid).apps.map((view) => view.app.name);
  if (pod === undefined || apps.length === 0 || apps.some((name) => name === app)) return undefined;
  return new RktError("app-unknown", `Cannot print lines of pod ${quoteText(labelOf(pod))}: it has no app ${quoteText(app)}`, {
    hint: `Its apps are ${apps.join(", ")}`,
  });
}

/**
 * A pod that was removed has no name any more, but its whole UUID leads to its journal until gc has removed that. One that was refused,
 * or never started, has none: undefined, where its events are asked for too.
 */
function journalOf(context: Context, text: string, events: boolean): JournalSource | undefined {
  const gone = tryUuid(text);
  const kept = gone === undefined ? [] : journalDirectories(context.host, machineIdOf(gone));
  if (kept.length > 0) return { directories: kept };
  const pod = findPod(context.host, dirsOf(context), text);
  const matches = hostJournalMatches(context.host, pod);
  if (matches !== undefined) return { directories: [], matches };
  const directories = journalDirectories(context.host, machineIdOf(pod.uuid));
  if (directories.length > 0) return { directories };
  if (events) return undefined;
  throw new RktError("journal-missing", `Cannot read the journal of pod ${quoteText(labelOf(pod))}: there is none`, {
    hint: "It was never started, or gc has removed it",
  });
}

/** Entries of the host's journal by PID 1 about the pod's unit, and by rkt, as root, about the pod. Nobody else can write such. */
function eventsOf(context: Context, text: string): JournalSource {
  const gone = tryUuid(text);
  const pod = findUnlessGone(context, text);
  const uuid = pod?.uuid ?? gone ?? "";
  const unit = pod === undefined ? `rkt-run-${uuid}.service` : unitOf(context.host, pod);
  const matches = ["_PID=1", `UNIT=${unit}`, "+", "_UID=0", "SYSLOG_IDENTIFIER=rkt", `RKT_POD_UUID=${uuid}`];
  return { directories: [], matches };
}

function findUnlessGone(context: Context, text: string): Pod | undefined {
  try {
    return findPod(context.host, dirsOf(context), text);
  } catch (error) {
    if (error instanceof RktError && tryUuid(text) !== undefined) return undefined;
    throw error;
  }
}

function parseLines(text: string | undefined): number | undefined {
  if (text === undefined || text === "all") return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new RktError("usage", `Cannot print ${quoteText(text)} lines: it is no number`);
}
