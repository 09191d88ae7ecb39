import { basename, dirname, join } from "node:path";
import type { Host } from "../host/host.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";
import type { StoredImage } from "../store/image.ts";
import { parseImageId, type ImageId } from "../base/id.ts";
import { type AciSummary, readAci } from "./archive/aci.ts";
import { decompress, detectCompression, MAGIC_LENGTH } from "./archive/decompress.ts";
import { identify } from "./archive/identify.ts";
import { type ArchiveLimits, defaultLimits } from "./archive/limits.ts";
import { type FetchContext, type FetchRequest, sourceOfImage } from "./fetch.ts";
import { readSignatureFile } from "./source/file.ts";
import { sourceOf } from "./source/index.ts";
import type { SourceContext } from "./source/source.ts";
import { restrictToName, screenBeforeFetch, verifyBytes } from "./verify-image.ts";

export interface Import extends FetchRequest {
  readonly staging: string;
}

/** Fetches, verifies and unpacks an image into a staging directory that is the caller's, and puts it into the store. */
export async function importImage(context: FetchContext, request: Import): Promise<StoredImage> {
  const { host, store } = context;
  const source = sourceOf(request.reference);
  const limits = request.options.limits ?? defaultLimits;
  const insecure = request.options.insecure ?? new Set();
  const sourceContext: SourceContext = {
    host,
    insecure,
    largestImage: limits.totalBytes,
    ...(context.progress === undefined ? {} : { progress: context.progress }),
    ...(context.findAuth === undefined ? {} : { findAuth: context.findAuth }),
  };
  source.assertThere(sourceContext, request.reference);
  const signature =
    insecure.has("image") || request.options.stage1File === true ? undefined : await readSignature(context, sourceContext, request);
  const download = join(request.staging, "image");
  await source.readImage(sourceContext, request.reference, download);
  const plain = isPlain(host, download);
  // It is what the store keeps: the disk has it by the time that it is verified and read.
  const synced = plain ? host.files.syncMeanwhile(download) : undefined;
  // Another error may come first.
  synced?.catch(() => undefined);
  const facts = signature === undefined ? [] : await verifyBytes(context, download, signature);
  const [verified] = facts;
  const { blob, id, summary } = await unpackBlob(host, {
    download,
    plain,
    staging: request.staging,
    limits,
    ...(verified === undefined ? {} : { verified: verified.signedDigest }),
  });
  const { manifest, size } = summary;
  const signatures: SignatureFact[] = signature === undefined ? [] : await restrictToName(context, manifest.name, { signature, facts });
  const labels = manifest.labels ?? [];
  const trusted = request.options.stage1File === true ? { stage1File: request.text } : {};
  const image = {
    id,
    format: "aci",
    name: manifest.name,
    labels,
    manifest,
    blobSize: size,
    source: sourceOfImage(request.reference, request.text),
  } as const;
  await synced;
  return store.add({ ...image, signatures, ...trusted }, blob);
}

async function readSignature(context: FetchContext, sourceContext: SourceContext, request: Import): Promise<Buffer> {
  const { signature: path } = request.options;
  const source = sourceOf(request.reference);
  const signature =
    path === undefined ? await source.readSignature(sourceContext, request.reference) : readSignatureFile(context.host, path);
  await screenBeforeFetch(context, signature);
  return signature;
}

interface Unpacking {
  readonly download: string;
  /** It is not compressed. */
  readonly plain: boolean;
  /** The digest of its bytes, where they were verified. */
  readonly verified?: string;
  readonly staging: string;
  readonly limits: ArchiveLimits;
}

interface Unpacked {
  /** The uncompressed archive. */
  readonly blob: string;
  readonly id: ImageId;
  readonly summary: AciSummary;
}

/** Everything about the archive is checked here, so that nothing in the store cannot be rendered. One that is not compressed stays as it is. */
async function unpackBlob(host: Host, { download, plain, verified, staging, limits }: Unpacking): Promise<Unpacked> {
  const read = host.files.blocks(download);
  if (plain) {
    // What was verified is the archive itself: to hash it once more tells nothing.
    if (verified !== undefined) return { blob: download, id: parseImageId(verified), summary: await readAci(read, { limits }) };
    const { result: summary, id } = await identify(host.hashes, read, (chunks) => readAci(chunks, { limits }));
    return { blob: download, id, summary };
  }
  const blob = join(staging, "blob");
  const fd = host.raw.create(blob, 0o600);
  const write = (chunk: Uint8Array): void => host.raw.write(fd, chunk);
  try {
    const unpacked = decompress(host, read);
    const { result: summary, id } = await identify(host.hashes, unpacked, (chunks) => readAci(chunks, { limits, bytes: write }));
    return { blob, id, summary };
  } finally {
    host.raw.close(fd);
    host.files.unlink(download);
  }
}

function isPlain(host: Host, path: string): boolean {
  const file = host.files.openWithin(dirname(path), basename(path));
  try {
    return detectCompression(file.readHead(MAGIC_LENGTH)) === "none";
  } finally {
    file.close();
  }
}
