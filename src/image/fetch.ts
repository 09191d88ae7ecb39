import { join } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";
import { type ImageReference, parseImageReference } from "../spec/image-reference.ts";
import type { StoredImage } from "../store/image.ts";
import type { Store } from "../store/store.ts";
import type { Keystore } from "../trust/keystore.ts";
import { readAci } from "./archive/aci.ts";
import { decompress } from "./archive/decompress.ts";
import { type ArchiveLimits, defaultLimits } from "./archive/limits.ts";
import type { InsecureOption } from "./insecure.ts";
import { readSignatureFile } from "./source/file.ts";
import { sourceOf } from "./source/index.ts";
import type { ImageSource, ProgressEvent, SourceContext } from "./source/source.ts";
import { restrictToName, screenBeforeFetch, verifyBytes } from "./verify-image.ts";

export interface FetchContext {
  readonly host: Host;
  readonly store: Store;
  readonly keystore: Keystore;
  readonly progress?: (event: ProgressEvent) => void;
}

export interface FetchOptions {
  /** A file of this machine, instead of the one beside the image. */
  readonly signature?: string;
  /** With "image" nothing is verified, and the record has no signatures. */
  readonly insecure?: ReadonlySet<InsecureOption>;
  readonly limits?: ArchiveLimits;
}

/**
 * An image in the store, from what a user wrote: a name or an ID is looked up there (`store-no-image`), a file or URL is fetched and
 * verified by its own signature each time, also when its content is there already. Nothing is left of an image that is refused.
 * Takes the store's shared lock: do not call under the exclusive one.
 */
export async function fetchImage(context: FetchContext, text: string, options: FetchOptions = {}): Promise<StoredImage> {
  const reference = readReference(context.host, text);
  if (reference.kind === "name" || reference.kind === "hash") return findStored(context, text, reference);
  const source = sourceOf(reference);
  const lock = context.store.tryLock({ shared: true });
  const staging = context.store.stage();
  try {
    return await importImage(context, { text, reference, source, options, staging: staging.path });
  } finally {
    staging.release();
    lock?.release();
  }
}

/** As `parseImageReference`, but the name of an existing file is that file, as the original had it. */
export function readReference(host: Host, text: string): ImageReference {
  const reference = parseImageReference(text);
  return reference.kind === "name" && host.files.tryStat(text)?.type === "file" ? { kind: "path", path: text } : reference;
}

interface Import {
  readonly text: string;
  readonly reference: ImageReference;
  readonly source: ImageSource;
  readonly options: FetchOptions;
  readonly staging: string;
}

async function importImage(context: FetchContext, request: Import): Promise<StoredImage> {
  const { host, store } = context;
  const limits = request.options.limits ?? defaultLimits;
  const insecure = request.options.insecure ?? new Set();
  const sourceContext: SourceContext = {
    host,
    insecure,
    largestImage: limits.totalBytes,
    ...(context.progress === undefined ? {} : { progress: context.progress }),
  };
  const signature = insecure.has("image") ? undefined : await readSignature(context, sourceContext, request);
  const download = join(request.staging, "image");
  await request.source.readImage(sourceContext, request.reference, download);
  const facts = signature === undefined ? [] : await verifyBytes(context, download, signature);
  const blob = join(request.staging, "blob");
  const summary = await unpackBlob(host, { download, blob, limits });
  const { id, manifest, size } = summary;
  const signatures: SignatureFact[] = signature === undefined ? [] : await restrictToName(context, manifest.name, { signature, facts });
  host.files.unlink(download);
  const labels = manifest.labels ?? [];
  return store.add({ id, format: "aci", name: manifest.name, labels, manifest, blobSize: size, source: request.text, signatures }, blob);
}

async function readSignature(context: FetchContext, sourceContext: SourceContext, request: Import): Promise<Buffer> {
  const { signature: path } = request.options;
  const signature =
    path === undefined ? await request.source.readSignature(sourceContext, request.reference) : readSignatureFile(context.host, path);
  await screenBeforeFetch(context, signature);
  return signature;
}

interface Unpacking {
  readonly download: string;
  readonly blob: string;
  readonly limits: ArchiveLimits;
}

/** Everything about the archive is checked here, so that nothing in the store cannot be rendered. */
async function unpackBlob(host: Host, { download, blob, limits }: Unpacking): Promise<Awaited<ReturnType<typeof readAci>>> {
  const fd = host.raw.create(blob, 0o600);
  try {
    const packed = host.files.stream(download) as AsyncIterable<Uint8Array>;
    return await readAci(decompress(host, packed), { limits, bytes: (chunk) => host.raw.write(fd, chunk) });
  } finally {
    host.raw.close(fd);
  }
}

function findStored({ store }: FetchContext, text: string, reference: ImageReference & { kind: "name" | "hash" }): StoredImage {
  const [newest] = store.findAll(reference);
  if (newest === undefined && reference.kind === "name") {
    throw new RktError(
      "store-no-image",
      `Cannot fetch ${quoteText(text)}: the store has no such image, and rkt cannot look for names on the network yet`,
      {
        hint: `Fetch it from a file or an https URL first: "rkt fetch FILE.aci"`,
      },
    );
  }
  const image = store.find(reference);
  store.touch(image.id);
  return image;
}
