import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";
import { EVENT_IDS, type EventName, priorityOf } from "./event-kinds.ts";
import { isJournalListening } from "./listening.ts";

/** One of rkt's own events, for the host's journal. */
export interface Event {
  readonly name: EventName;
  /** One sentence: becomes MESSAGE=. */
  readonly text: string;
  readonly podUuid?: string;
  readonly podName?: string;
  readonly app?: string;
  readonly imageId?: string;
  readonly imageName?: string;
  readonly keyFingerprint?: string;
}

/** Entries wait here, because writing one may block: the process's one list. */
const queue: Event[] = [];

/** Remembers an event until `flushEvents`. */
export function queueEvent(event: Event): void {
  queue.push(event);
}

/**
 * Writes what was queued: the last act of a command, when its output is out and its locks are released. Drops it where no
 * journal listens: an event is never a reason for a command to fail or to hang.
 */
export async function flushEvents(host: Host): Promise<void> {
  const events = queue.splice(0);
  if (events.length === 0 || !isJournalListening(host)) return;
  const journal = await loadJournal();
  for (const event of events) journal?.[priorityOf(event.name)](cleanText(event.text, LONGEST_MESSAGE), fieldsOf(event));
}

/** undefined where the native module is missing or made for another Node. */
async function loadJournal() {
  try {
    return (await import("systemd-journald")).default;
  } catch (error) {
    const code = errno(error) ?? "";
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", "ERR_DLOPEN_FAILED"].includes(code)) return undefined;
    throw error;
  }
}

const LONGEST_MESSAGE = 4096;
const LONGEST_FIELD = 1024;

/** Names are constants: the package does not check them. */
export function fieldsOf(event: Event): Record<string, string> {
  const fields: Record<string, string | undefined> = {
    MESSAGE_ID: EVENT_IDS[event.name],
    SYSLOG_IDENTIFIER: "rkt",
    RKT_EVENT: event.name,
    RKT_POD_UUID: event.podUuid,
    RKT_POD_NAME: event.podName,
    RKT_APP: event.app,
    RKT_IMAGE_ID: event.imageId,
    RKT_IMAGE_NAME: event.imageName,
    RKT_KEY_FINGERPRINT: event.keyFingerprint,
  };
  const known = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, cleanText(value, LONGEST_FIELD)]));
}

/** No NUL: the package would send what lies behind it in memory. No half of a character pair, no more than a line's worth. */
export function cleanText(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  return cut.replaceAll("\0", "\\x00").toWellFormed();
}
