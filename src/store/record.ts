import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { canonicalJson } from "../base/json.ts";
import { type ImageId, parseImageId } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { StoredImage } from "./image.ts";
import { type Layout, recordPath } from "./layout.ts";

/** What a record file holds; the time of last use is the file's modification time. */
export interface ImageRecord extends Omit<StoredImage, "lastUsed" | "size"> {
  readonly record: 1;
  readonly blobSize: number;
  /** Bytes of each rendered tree, by the tree's key. */
  readonly treeSizes: Readonly<Record<string, number>>;
}

/** Ids of all whole images: the record is written last, so what has none is not there. */
export function listRecords(host: Host, layout: Layout): ImageId[] {
  const names = host.files.tryList(layout.records).filter((name) => /^sha512-[0-9a-f]{128}\.json$/.test(name));
  return names.map((name) => parseImageId(name.slice(0, -".json".length)));
}

/** undefined where there is none. Throws `store-record-bad` for one that this version cannot read. */
export function readRecord(host: Host, layout: Layout, id: ImageId): ImageRecord | undefined {
  const path = recordPath(layout, id);
  const text = host.files.tryReadText(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && value.id === id) return value;
  } catch (error) {
    throw bad(path, messageOf(error));
  }
  throw bad(path, "it is of another version");
}

export function toStoredImage(host: Host, layout: Layout, record: ImageRecord): StoredImage {
  const { record: _version, blobSize, treeSizes, ...image } = record;
  const size = Object.values(treeSizes).reduce((sum, bytes) => sum + bytes, blobSize);
  return { ...image, size, lastUsed: host.files.tryStat(recordPath(layout, record.id))?.mtimeMs ?? record.importTime };
}

/** Members of the data directory's group may read it (the directory hands its group down). */
export function writeRecord(host: Host, layout: Layout, record: ImageRecord): void {
  host.files.writeAtomic(recordPath(layout, record.id), `${canonicalJson(record)}\n`, { mode: 0o640 });
}

/** Changes a record without a change of the time of last use. */
export function changeRecord(host: Host, layout: Layout, id: ImageId, change: (record: ImageRecord) => ImageRecord): void {
  const record = readRecord(host, layout, id);
  if (record === undefined) return;
  const { mtimeMs } = host.files.stat(recordPath(layout, id));
  writeRecord(host, layout, change(record));
  touchRecord(host, layout, id, mtimeMs);
}

/** A record that is gone needs no time. */
export function touchRecord(host: Host, layout: Layout, id: ImageId, time: number): void {
  try {
    host.files.setTimes(recordPath(layout, id), time, time);
  } catch (error) {
    if (errno(error) !== "ENOENT") throw error;
  }
}

function isRecord(value: unknown): value is ImageRecord {
  return typeof value === "object" && value !== null && "record" in value && value.record === 1 && "id" in value;
}

function bad(path: string, reason: string): RktError {
  return new RktError("store-record-bad", `Cannot read the image record ${quoteText(path)}: ${reason}`, {
    hint: "Remove the file and fetch the image again",
  });
}
