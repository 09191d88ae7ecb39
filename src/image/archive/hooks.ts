/* oxlint-disable no-underscore-dangle -- the names are tar-stream's */
import { extract, type Header } from "tar-stream";
import { badArchive } from "./entry.ts";
import type { ArchiveLimits } from "./limits.ts";
import { parsePax, type PaxRecords } from "./pax.ts";

/** What tar-stream reads but does not tell. */
export interface TarBlocks {
  /** The 512 bytes of the header that was read last. */
  headerBlock(): Buffer;
  /** The extended header's records of an entry. */
  paxOf(header: Header): PaxRecords;
  /** Were the two zero blocks seen that end an archive? */
  isEnded(): boolean;
}

/** The part of tar-stream's parser that is used, whose streams are neither Node's nor the web's. */
export interface TarParser {
  on(event: "entry", listener: (header: Header, stream: EntryStream, next: (error?: unknown) => void) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "close" | "drain", listener: () => void): unknown;
  write(chunk: Uint8Array): boolean;
  end(): void;
  destroy(): void;
}

export interface EntryStream {
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "error", listener: () => void): unknown;
}

/** The insides of tar-stream 3.2.2 that are used here; its version is pinned, and a unit test looks for each of them. */
interface Internals {
  _buffer: { readonly buffered: number; shift(size: number): Buffer | null; push(data: Buffer): void };
  _header: { type: string | null } | null;
  _pax: (Record<string, string> & { [paxRecords]?: PaxRecords }) | null;
  _consumeHeader(): boolean;
  _decodeLongHeader(data: Buffer): void;
  _continueWrite(error: Error | null): void;
  _createStream(): { readonly _readableState: { highWaterMark: number } };
}

const paxRecords = Symbol("records");
const noRecords: PaxRecords = new Map();

/**
 * tar-stream reads extended headers as UTF-8 and leniently, passes over zero blocks in the middle, and has no limit for the number
 * of headers. These hooks read extended headers strictly and as bytes, and refuse anything but zeros behind the first zero block. It also
 * keeps parts of a chunk in its queues when it asks for the next one; the hooks leave nothing there.
 */
export function createTarParser(limits: ArchiveLimits): TarParser & TarBlocks {
  // Byte strings for names, and "drain" after each chunk; the types do not know the options.
  const options: object = { filenameEncoding: "latin1", highWaterMark: 0 };
  const parser = extract(options);
  const internals = parser as unknown as Internals;
  const state = { block: Buffer.alloc(0), headers: 0, zeroBlocks: 0 };
  keepBlocks(internals, state);
  ownRemainder(internals);
  emptyQueues(internals);
  hookHeaders(internals, state, limits);
  hookLongHeaders(internals);
  const blocks: TarBlocks = {
    headerBlock: () => state.block,
    paxOf: (header) => (header as { pax?: Internals["_pax"] }).pax?.[paxRecords] ?? noRecords,
    isEnded: () => state.zeroBlocks >= 2,
  };
  return Object.assign(parser as unknown as TarParser, blocks);
}

/** Does this tar-stream have the insides that the hooks need? */
export function hasInternals(): boolean {
  const { _buffer, _consumeHeader, _decodeLongHeader, _continueWrite, _createStream } = extract() as unknown as Internals;
  const methods = [_buffer?.shift, _buffer?.push, _consumeHeader, _decodeLongHeader, _continueWrite, _createStream];
  return methods.every((member) => typeof member === "function") && typeof _buffer.buffered === "number";
}

interface State {
  block: Buffer;
  headers: number;
  zeroBlocks: number;
}

function keepBlocks(internals: Internals, state: State): void {
  const buffer = internals._buffer;
  const shift = buffer.shift.bind(buffer);
  buffer.shift = (size) => {
    const data = shift(size);
    if (size === 512 && data !== null) state.block = data;
    return data;
  };
}

/** Half a header at a chunk's end waits for the rest as a copy: the chunk is its reader's again. */
function ownRemainder(internals: Internals): void {
  const continueWrite = internals._continueWrite.bind(internals);
  internals._continueWrite = (error) => {
    const { buffered } = internals._buffer;
    const rest = error === null && buffered > 0 ? internals._buffer.shift(buffered) : null;
    if (rest !== null) internals._buffer.push(Buffer.from(rest));
    continueWrite(error);
  };
}

/** The streams of entries take no more before they have handed on what they have, however little. */
function emptyQueues(internals: Internals): void {
  const createStream = internals._createStream.bind(internals);
  internals._createStream = () => {
    const stream = createStream();
    stream._readableState.highWaterMark = 1;
    return stream;
  };
}

function hookHeaders(internals: Internals, state: State, limits: ArchiveLimits): void {
  const consumeHeader = internals._consumeHeader.bind(internals);
  const fail = (reason: string): boolean => {
    internals._continueWrite(badArchive(reason));
    return false;
  };
  internals._consumeHeader = () => {
    if (state.zeroBlocks > 0) {
      state.zeroBlocks += 1;
      return isZero(internals._buffer.shift(512)) || fail("there are data behind its end");
    }
    const before = state.block;
    const consumed = consumeHeader();
    if (state.block === before || !consumed) return consumed;
    if (internals._header === null) {
      state.zeroBlocks = 1;
      return isZero(state.block) || fail("its end-of-archive marker is damaged");
    }
    state.headers += 1;
    return state.headers <= limits.entries || fail(`it has more than ${limits.entries} entries`);
  };
}

/** Only what tar-stream itself applies is handed to it; the records go along for `header.ts`. */
function hookLongHeaders(internals: Internals): void {
  const decodeLongHeader = internals._decodeLongHeader.bind(internals);
  internals._decodeLongHeader = (data) => {
    const type = internals._header?.type;
    if (type === "pax-global-header") return refuseGlobals(parsePax(data));
    if (type !== "pax-header") return decodeLongHeader(data);
    // Its values live as long as the entry.
    const records = parsePax(Buffer.from(data));
    const applied = ["path", "linkpath", "size"].flatMap((key) => {
      const value = records.get(key)?.toString("latin1");
      if (value === undefined) return [];
      if (value === "" || (key === "size" && !/^\d{1,16}$/.test(value))) throw badArchive(`an extended header has an invalid ${key}`);
      return [[key, value] as const];
    });
    internals._pax = { ...Object.fromEntries(applied), [paxRecords]: records };
  };
}

/** A comment is what git writes. Anything else would change every entry, and readers differ in how. */
function refuseGlobals(records: PaxRecords): void {
  for (const key of records.keys()) {
    if (key !== "comment") throw badArchive("it has a global extended header that changes its entries");
  }
}

function isZero(block: Buffer | null): boolean {
  return block === null || block.every((byte) => byte === 0);
}
