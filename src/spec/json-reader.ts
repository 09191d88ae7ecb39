import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** Steps into parsed JSON of a manifest. Each throws `manifest-invalid` naming the place; none trusts a prototype. */
export function parseJsonObject(json: string | Uint8Array, what: string, limit: number): Readonly<Record<string, unknown>> {
  if (json.length > limit) throw manifestError(`${what} is larger than ${limit / 1024} KiB`);
  return readObject(parseJson(json, what), what);
}

function parseJson(json: string | Uint8Array, what: string): unknown {
  try {
    return JSON.parse(typeof json === "string" ? json : new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new RktError("manifest-invalid", `${what} is no valid JSON`, { cause: error });
  }
}

export function readObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw manifestError(`${quoteText(place)} is no object`);
  return Object.assign(Object.create(null), value);
}

export function readArray(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw manifestError(`${quoteText(place)} is no list`);
  if (value.length > 10_000) throw manifestError(`${quoteText(place)} has more than 10000 items`);
  return value;
}

/** A string without NUL and lone surrogates. */
export function readString(value: unknown, place: string): string {
  if (typeof value !== "string") throw manifestError(`${quoteText(place)} is no string`);
  if (value.includes("\0") || !value.isWellFormed()) throw manifestError(`${quoteText(place)} holds a NUL character or invalid Unicode`);
  if (value.length > 1024 * 1024) throw manifestError(`${quoteText(place)} is longer than 1 MiB`);
  return value;
}

export function readBoolean(value: unknown, place: string): boolean {
  if (typeof value !== "boolean") throw manifestError(`${quoteText(place)} is neither true nor false`);
  return value;
}

export function readInteger(value: unknown, place: string, minimum: number, maximum: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw manifestError(`${quoteText(place)} is no number from ${minimum} to ${maximum}`);
}

/** undefined for a missing or null value, else what `read` makes of it. */
export function optional<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, place);
}

/** A list whose items `read` makes; the place of an item is `PLACE[INDEX]`. */
export function readList<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T[] {
  return readArray(value, place).map((item, index) => read(item, `${place}[${index}]`));
}

/** Runs one of the parsers of ids and values; its error names the place. */
export function readWith<T>(value: unknown, place: string, parse: (text: string) => T): T {
  const text = readString(value, place);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    throw new RktError("manifest-invalid", `${quoteText(place)}: ${error.message}`, { cause: error });
  }
}

/** Throws when two items give the same key. */
export function refuseTwins<T>(items: readonly T[], place: string, key: (item: T) => string): void {
  const seen = new Set<string>();
  for (const item of items) {
    const name = key(item);
    if (seen.has(name)) throw manifestError(`${quoteText(place)} holds ${quoteText(name)} twice`);
    seen.add(name);
  }
}

export function manifestError(message: string): RktError {
  return new RktError("manifest-invalid", message);
}
