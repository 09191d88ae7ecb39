import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";

/** An archive's entry, after all checks that need no other entry. Names are byte strings: each character is one byte (latin1). */
export interface ArchiveEntry {
  /** Clean: no empty part, no "." and no "..". Empty for the archive's own top. */
  readonly path: readonly string[];
  readonly type: EntryType;
  /** Permission bits, setuid, setgid and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  readonly mtime: Timestamp;
  /** Hard links: the clean path of what is linked, from the archive's top. */
  readonly linkPath: readonly string[];
  /** Symbolic links: the target as it is. */
  readonly target: string;
  readonly major: number;
  readonly minor: number;
  /** Only those that an image may carry: `security.capability` and `user.*` without `user.overlay.*`. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

export type EntryType = "file" | "directory" | "symlink" | "link" | "fifo" | "character" | "block";

export interface Timestamp {
  readonly seconds: number;
  /** 0 to 999999999. */
  readonly nanoseconds: number;
}

/** Where the content of a file goes; synchronous, so that no more than a chunk is in memory. */
export interface ContentSink {
  /** The chunk is the reader's again afterwards. */
  write(chunk: Uint8Array): void;
  end(): void;
}

/** An archive that is not as it must be: `archive-bad`. */
export function badArchive(reason: string, cause?: unknown): RktError {
  return new RktError("archive-bad", `Cannot read the archive: ${reason}`, { cause });
}

/** An entry that is not as it must be: `archive-bad`, with its name. */
export function badEntry(name: string | readonly string[], reason: string): RktError {
  const text = typeof name === "string" ? name : name.join("/");
  return badArchive(`entry ${quoteText(Buffer.from(text, "latin1").toString())} ${reason}`);
}
