import { badArchive } from "./entry.ts";

/** Records of a PAX extended header, values as bytes: extended attributes are not text. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/**
 * Reads `LENGTH KEY=VALUE\n` records (POSIX pax, "Extended Header"). Strict: a record that another reader could see differently
 * makes the whole archive bad. The last of several records with one key counts.
 */
export function parsePax(data: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  let start = 0;
  while (start < data.length) {
    const end = start + recordLength(data, start);
    const space = data.indexOf(0x20, start);
    const equals = data.indexOf(0x3d, space);
    if (end > data.length || data[end - 1] !== 0x0a || equals < 0 || equals >= end) throw badArchive("an extended header is malformed");
    const key = data.toString("latin1", space + 1, equals);
    if (key === "" || key.includes("\0")) throw badArchive("an extended header has a record without a key");
    records.set(key, data.subarray(equals + 1, end - 1));
    start = end;
  }
  return records;
}

/** A whole number, or undefined where the record is missing. */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const text = records.get(key)?.toString("latin1");
  if (text === undefined) return undefined;
  if (!/^\d{1,16}$/.test(text)) throw badArchive(`an extended header has ${key} that is no number`);
  return Number(text);
}

function recordLength(data: Buffer, start: number): number {
  const digits = /^(\d{1,9}) /.exec(data.toString("latin1", start, start + 10))?.[1];
  const length = Number(digits ?? "0");
  if (digits === undefined || length < digits.length + 3) throw badArchive("an extended header is malformed");
  return length;
}
