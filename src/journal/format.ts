import { escapeText } from "../base/escape.ts";
import { parseFields, textOf } from "./fields.ts";

/** Both are what the sender says of itself, and stand before each line of its message. */
const longestIdentifier = 256;
const longestProcess = 32;

/**
 * A line of `journalctl --output=json` as a person reads it: `Nov 23 22:57:01 APP[PID]: message`, in this machine's time zone.
 * The journal is a hostile file: everything of it is escaped, and a line that is none is shown as such. A message of
 * several lines gives several, each with the same head: one by one, since together they may be longer than any string.
 */
export function* formatEntry(json: string): Generator<string> {
  const fields = parseFields(json);
  if (fields === undefined) return yield `(unreadable entry) ${escapeText(json)}`;
  const identifier = cutText(textOf(fields["SYSLOG_IDENTIFIER"]) || "unknown", longestIdentifier);
  const process = cutText(textOf(fields["_PID"]) || textOf(fields["SYSLOG_PID"]), longestProcess);
  const head = `${formatTime(textOf(fields["__REALTIME_TIMESTAMP"]))} ${identifier}${process === "" ? "" : `[${process}]`}`;
  for (const line of linesOf(textOf(fields["MESSAGE"]).replace(/\n$/, ""))) yield `${head}: ${escapeLine(line)}`;
}

function cutText(text: string, limit: number): string {
  return escapeText(text.length > limit ? `${text.slice(0, limit - 1).toWellFormed()}…` : text);
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}

/** A message may hold tabs, and a backslash in it is its own: what is printed is not read back. */
function escapeLine(line: string): string {
  return line
    .split(/([\t\\])/)
    .map((part) => (part === "\t" || part === "\\" ? part : escapeText(part)))
    .join("");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** Microseconds since the epoch, as journalctl's own short output shows them. */
function formatTime(microseconds: string): string {
  const time = new Date(/^\d{1,17}$/.test(microseconds) ? Number(microseconds) / 1000 : Number.NaN);
  if (Number.isNaN(time.getTime())) return "(no time)";
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${MONTHS[time.getMonth()]} ${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
