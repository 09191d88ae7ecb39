import { RktError } from "../base/error.ts";
import type { Origin } from "./declaration.ts";
import { attempt, type Report } from "./report.ts";
import type { Entry, Section } from "./sections.ts";
import { parseQuotedPair } from "./values.ts";

/** The value of a single key; undefined where it is missing or, with a problem reported, unreadable. */
export function readOne<T>(section: Section | undefined, key: string, report: Report, read: (value: string) => T): T | undefined {
  const entry = section?.entries.findLast((candidate) => candidate.key === key);
  return entry === undefined ? undefined : attempt(report, entry, () => naming(key, () => read(entry.value)));
}

/** The values of a list key, one per assignment; unreadable ones are left out, each with a problem. */
export function readAll<T>(section: Section | undefined, key: string, report: Report, read: (value: string, origin: Origin) => T): T[] {
  return entriesOf(section, key).flatMap((entry) => {
    const value = attempt(report, entry, () => naming(key, () => ({ value: read(entry.value, { path: entry.path, line: entry.line }) })));
    return value === undefined ? [] : [value.value];
  });
}

/** `KEY=VALUE` assignments as an object. */
export function readPairs(section: Section | undefined, key: string, report: Report): Readonly<Record<string, string>> {
  return Object.fromEntries(readAll(section, key, report, parseQuotedPair));
}

/** Where the first of the keys stands. */
export function originOf(section: Section | undefined, ...keys: string[]): Origin | undefined {
  const entry = section?.entries.find((candidate) => keys.includes(candidate.key));
  return entry === undefined ? undefined : { path: entry.path, line: entry.line };
}

export function entriesOf(section: Section | undefined, ...keys: string[]): readonly Entry[] {
  return section?.entries.filter((entry) => keys.includes(entry.key)) ?? [];
}

/** A reader that several keys share says "here"; which key that is, is known only now. */
function naming<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    const message = error.message.replace(/ here(?=$|:)/, ` for "${key}="`);
    throw new RktError(error.code, message, error.hint === undefined ? { cause: error } : { cause: error, hint: error.hint });
  }
}
