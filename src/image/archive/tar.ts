import type { Header } from "tar-stream";
import { messageOf, RktError } from "../../base/error.ts";
import type { Chunks } from "../../host/hash-along.ts";
import { type ArchiveEntry, badArchive, type ContentSink } from "./entry.ts";
import { toEntry } from "./header.ts";
import { createTarParser, type EntryStream, type TarBlocks, type TarParser } from "./hooks.ts";
import type { ArchiveLimits } from "./limits.ts";

/** Called for each entry in the archive's order; what it returns gets a file's content. What is thrown ends the reading, and is thrown on. */
export type EntrySink = (entry: ArchiveEntry) => ContentSink | undefined;

/**
 * Reads an uncompressed tar archive (ustar, GNU long names, PAX) to its very end. Throws `archive-bad` for what is truncated, malformed,
 * too large or too much, for sparse files, and for anything but zeros behind the end-of-archive marker. What source and sink throw stays what
 * it is. Nothing of a chunk is kept when the next one is asked for.
 */
export async function readTar(source: Chunks, sink: EntrySink, limits: ArchiveLimits): Promise<void> {
  const parser = createTarParser(limits);
  const progress = watch(parser);
  // Whoever comes first tells why.
  const fail = (error: unknown): void => void (progress.failure ??= { error });
  parser.on("entry", (header, stream, next) => deliver({ header, stream, next }, { blocks: parser, sink, limits, fail }));
  try {
    await feed(parser, source, progress, limits);
  } catch (error) {
    parser.destroy();
    throw error;
  }
  if (!parser.isEnded()) throw badArchive("it is truncated, its end-of-archive marker is missing");
}

interface Progress {
  failure: { readonly error: unknown } | undefined;
  closed: boolean;
  wake: () => void;
}

function watch(parser: TarParser): Progress {
  const progress: Progress = { failure: undefined, closed: false, wake: () => undefined };
  parser.on("error", (error) => {
    progress.failure ??= { error: error instanceof RktError ? error : badArchive(explain(messageOf(error)), error) };
    progress.wake();
  });
  parser.on("close", () => {
    progress.closed = true;
    progress.wake();
  });
  parser.on("drain", () => progress.wake());
  return progress;
}

async function feed(parser: TarParser, source: Chunks, progress: Progress, limits: ArchiveLimits): Promise<void> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > limits.totalBytes) throw badArchive(`it has more than ${limits.totalBytes} bytes`);
    if (!parser.write(chunk)) await nextEvent(progress);
    if (progress.failure !== undefined) throw progress.failure.error;
  }
  parser.end();
  while (!progress.closed) await nextEvent(progress);
  if (progress.failure !== undefined) throw progress.failure.error;
}

function nextEvent(progress: Progress): Promise<void> {
  if (progress.closed || progress.failure !== undefined) return Promise.resolve();
  return new Promise((resolve) => (progress.wake = resolve));
}

interface Delivery {
  readonly header: Header;
  readonly stream: EntryStream;
  readonly next: (error?: unknown) => void;
}

interface Reading {
  readonly blocks: TarBlocks;
  readonly sink: EntrySink;
  readonly limits: ArchiveLimits;
  readonly fail: (error: unknown) => void;
}

function deliver({ header, stream, next }: Delivery, { blocks, sink, limits, fail }: Reading): void {
  // Without a listener an error would end the process; it reaches us by the parser.
  stream.on("error", () => undefined);
  // An error that is thrown inside a stream's event would end the process too.
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      fail(error);
      next(error);
    }
  };
  guard(() => {
    const content = sink(toEntry(header, blocks.headerBlock(), blocks.paxOf(header), limits));
    if (header.size === 0) {
      content?.end();
      // Not at once: the parser would call itself once for each entry.
      queueMicrotask(() => next());
      return;
    }
    stream.on("data", (chunk) => guard(() => content?.write(chunk)));
    stream.on("end", () =>
      guard(() => {
        content?.end();
        next();
      }),
    );
  });
}

/** tar-stream's words, for those who do not know it. */
function explain(message: string): string {
  if (message === "Unexpected end of data") return "it is truncated";
  if (message.startsWith("Invalid tar header")) return "it is no tar archive, or a header in it is damaged";
  if (message === "Invalid header") return "a header in it has no valid size";
  if (message === "Header exceeds max size") return "an extended header in it is too long";
  return message;
}
