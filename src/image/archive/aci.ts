import { messageOf, RktError } from "../../base/error.ts";
import type { Chunks } from "../../host/hash-along.ts";
import type { ImageManifest } from "../../spec/appc.ts";
import { parseImageManifest } from "../../spec/image-manifest.ts";
import { type ArchiveEntry, badArchive, badEntry, type ContentSink } from "./entry.ts";
import { checkPlace, createOutline } from "./outline.ts";
import { type ArchiveLimits, defaultLimits } from "./limits.ts";
import { readTar } from "./tar.ts";

export interface AciOptions {
  readonly limits?: ArchiveLimits;
  /** Gets every byte of the archive, in order. */
  readonly bytes?: (chunk: Uint8Array) => void;
  /** Gets each entry at or below `rootfs`, its path from there; what it returns gets the content. */
  readonly files?: (entry: ArchiveEntry, path: readonly string[]) => ContentSink | undefined;
}

export interface AciSummary {
  readonly manifest: ImageManifest;
  /** Bytes of the uncompressed archive. */
  readonly size: number;
  readonly entries: number;
}

/**
 * Reads an ACI (appc 0.8.11, "Image Archives") from its uncompressed bytes to its end: exactly one file `manifest`, a directory `rootfs`,
 * everything else below it, no name twice, each in a directory, hard links to earlier files only, devices only where `outline.ts`
 * allows them. Throws `archive-bad`, and `image-manifest-bad` for the manifest.
 */
export async function readAci(source: Chunks, options: AciOptions = {}): Promise<AciSummary> {
  const limits = options.limits ?? defaultLimits;
  const state: State = { size: 0, entries: 0, hasRootfs: false, manifest: undefined };
  const outline = createOutline();
  const sink = (entry: ArchiveEntry): ContentSink | undefined => {
    state.entries += 1;
    if (entry.path.length === 0) return skipTop(entry);
    checkPlace(outline, entry, limits.entries);
    return entry.path[0] === "rootfs" ? takeFile(state, entry, options) : takeManifest(state, entry, limits);
  };
  const tap = tapBytes(source, (chunk) => {
    state.size += chunk.length;
    options.bytes?.(chunk);
  });
  await readTar(tap, sink, limits);
  if (state.manifest === undefined) throw badArchive(`it has no "manifest"`);
  if (!state.hasRootfs) throw badArchive(`it has no directory "rootfs"`);
  return { manifest: state.manifest, size: state.size, entries: state.entries };
}

interface State {
  size: number;
  entries: number;
  hasRootfs: boolean;
  manifest: ImageManifest | undefined;
}

async function* tapBytes(source: Chunks, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

/** `./`, which `tar -C DIRECTORY .` writes. */
function skipTop(entry: ArchiveEntry): undefined {
  if (entry.type !== "directory") throw badEntry(".", `is no directory`);
}

function takeFile(state: State, entry: ArchiveEntry, options: AciOptions): ContentSink | undefined {
  if (entry.path.length === 1) {
    if (entry.type !== "directory") throw badEntry("rootfs", "is no directory");
    state.hasRootfs = true;
  }
  return options.files?.(entry, entry.path.slice(1));
}

function takeManifest(state: State, entry: ArchiveEntry, limits: ArchiveLimits): ContentSink {
  if (entry.path.length !== 1 || entry.path[0] !== "manifest") throw badEntry(entry.path, `is neither "manifest" nor below "rootfs"`);
  if (entry.type !== "file") throw badEntry("manifest", "is no regular file");
  if (entry.size > limits.manifestBytes) throw badEntry("manifest", `has ${entry.size} bytes, which is too much`);
  const chunks: Uint8Array[] = [];
  return {
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
    end: () => void (state.manifest = readManifest(Buffer.concat(chunks))),
  };
}

function readManifest(data: Buffer): ImageManifest {
  try {
    return parseImageManifest(data);
  } catch (error) {
    const code = error instanceof RktError ? error.code : "image-manifest-bad";
    throw new RktError(code, `Cannot read the image's manifest: ${messageOf(error).replace(/^The /, "the ")}`, { cause: error });
  }
}
