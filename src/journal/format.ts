import { escapeText } from "../base/escape.ts";
import { parseFields, textOf } from "./fields.ts";

/**
 * A line of `journalctl --output=json` as a person reads it: `Nov 23 22:57:01 APP[PID]: message`, in this machine's time zone.
 * The journal is a hostile file: everything of it is escaped, and a line that is none is shown as such. A message of
 * several lines gives several, each with the same head.
 */
export function formatEntry(json: string): string {
  const fields = parseFields(json);
  if (fields === undefined) return `(unreadable entry) ${escapeText(json)}`;
  const identifier = escapeText(textOf(fields["SYSLOG_IDENTIFIER"]) || "unknown");
  const process = textOf(fields["_PID"]) || textOf(fields["SYSLOG_PID"]);
  const head = `${formatTime(textOf(fields["__REALTIME_TIMESTAMP"]))} ${identifier}${process === "" ? "" : `[${escapeText(process)}]`}`;
  const lines = textOf(fields["MESSAGE"]).replace(/\n$/, "").split("\n");
  return lines.map((line) => `${head}: ${escapeLine(line)}`).join("\n");
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
