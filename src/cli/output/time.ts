const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const YEAR = 12 * MONTH;

/** Below `limit` the text is `one`, or a count of `unit`s; the original's steps (go-humanize). */
const STEPS: readonly { readonly limit: number; readonly text: string; readonly unit?: number }[] = [
  { limit: 2 * SECOND, text: "1 second" },
  { limit: MINUTE, text: "seconds", unit: SECOND },
  { limit: 2 * MINUTE, text: "1 minute" },
  { limit: HOUR, text: "minutes", unit: MINUTE },
  { limit: 2 * HOUR, text: "1 hour" },
  { limit: DAY, text: "hours", unit: HOUR },
  { limit: 2 * DAY, text: "1 day" },
  { limit: WEEK, text: "days", unit: DAY },
  { limit: 2 * WEEK, text: "1 week" },
  { limit: MONTH, text: "weeks", unit: WEEK },
  { limit: 2 * MONTH, text: "1 month" },
  { limit: YEAR, text: "months", unit: MONTH },
  { limit: 18 * MONTH, text: "1 year" },
  { limit: 2 * YEAR, text: "2 years" },
  { limit: Number.POSITIVE_INFINITY, text: "years", unit: YEAR },
];

/** "3 minutes ago", "2 days from now", "now". Both in milliseconds since the epoch. */
export function formatRelativeTime(time: number, now: number): string {
  const distance = Math.abs(now - time);
  if (distance < SECOND) return "now";
  const step = STEPS.find(({ limit }) => distance < limit);
  const count = step?.unit === undefined ? "" : `${Math.floor(distance / step.unit)} `;
  return `${count}${step?.text ?? ""} ${time > now ? "from now" : "ago"}`;
}

/** `2006-01-02 15:04:05.999 -0700 MST` of Go, as the original's `--full`: milliseconds only as far as they are not zero. */
export function formatFullTime(time: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const part = readParts(time, { ...zone, hourCycle: "h23", timeZoneName: "longOffset" });
  const milliseconds = `.${String(((time % 1000) + 1000) % 1000).padStart(3, "0")}`.replace(/\.?0*$/, "");
  const offset = part("timeZoneName").replace("GMT", "").replace(":", "") || "+0000";
  const clock = `${part("hour")}:${part("minute")}:${part("second")}${milliseconds}`;
  return `${part("year")}-${part("month")}-${part("day")} ${clock} ${offset} ${nameZone(time, zone)}`;
}

/** `CET`, `PST`, `UTC`; where a zone has no letters in the locale data, its offset as in the zone database: `+03`. */
function nameZone(time: number, zone: { readonly timeZone?: string }): string {
  const names = ["en-GB", "en-US"].map((locale) => readParts(time, { ...zone, timeZoneName: "short" }, locale)("timeZoneName"));
  const name = names.find((text) => /^[A-Z]+$/.test(text));
  if (name !== undefined) return name;
  return (names[0] ?? "")
    .replace("GMT", "")
    .replace(/^([+-])(\d)(?!\d)/, "$10$2")
    .replace(":", "");
}

function readParts(time: number, options: Intl.DateTimeFormatOptions, locale = "en-GB"): (type: Intl.DateTimeFormatPartTypes) => string {
  const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const parts = new Intl.DateTimeFormat(locale, { ...fields, ...options }).formatToParts(time);
  return (type) => parts.find((part) => part.type === type)?.value ?? "";
}
