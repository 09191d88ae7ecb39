import { resolve } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import { type ImageReference, parseImageReference } from "../spec/image-reference.ts";
import type { StoredImage } from "../store/image.ts";
import type { Store } from "../store/store.ts";
import type { Keystore } from "../trust/keystore.ts";
import type { ArchiveLimits } from "./archive/limits.ts";
import { explainStore } from "./explain-store.ts";
import type { InsecureOption } from "./insecure.ts";
import type { FindAuth, ProgressEvent } from "./source/source.ts";

export interface FetchContext {
  readonly host: Host;
  readonly store: Store;
  readonly keystore: Keystore;
  readonly progress?: (event: ProgressEvent) => void;
  readonly findAuth?: FindAuth;
}

export interface FetchOptions {
  /** A file of this machine, instead of the one beside the image. */
  readonly signature?: string;
  /** With "image" nothing is verified, and the record has no signatures. */
  readonly insecure?: ReadonlySet<InsecureOption>;
  /** The path leads into the directory of stage1's images: no signature is asked for, and the record says so. */
  readonly stage1File?: boolean;
  readonly limits?: ArchiveLimits;
}

/** What to fetch: what the user wrote, and what that refers to. */
export interface FetchRequest {
  readonly text: string;
  readonly reference: ImageReference;
  readonly options: FetchOptions;
}

/**
 * An image in the store, from what a user wrote: a name or an ID is looked up there (`store-no-image`), a file or URL is fetched and
 * verified by its own signature each time, also when its content is there already. Nothing is left of an image that is refused, or for
 * which there was no room (`disk-full`).
 * Takes the store's shared lock: do not call under the exclusive one.
 */
export async function fetchImage(context: FetchContext, text: string, options: FetchOptions = {}): Promise<StoredImage> {
  const reference = readReference(context.host, text);
  if (reference.kind === "name" || reference.kind === "hash") return findStored(context, text, reference);
  try {
    return await fetchAnew(context, { text, reference, options });
  } catch (error) {
    throw explainStore(error, `Cannot fetch ${quoteText(text)}`, context.store);
  }
}

/** As `parseImageReference`, but the name of an existing file is that file, as the original had it. */
export function readReference(host: Pick<Host, "files">, text: string): ImageReference {
  const reference = parseImageReference(text);
  return reference.kind === "name" && host.files.tryStat(text)?.type === "file" ? { kind: "path", path: text } : reference;
}

/** As the store knows where an image came from: a file by its whole path. */
export function sourceOfImage(reference: ImageReference, text: string): string {
  return reference.kind === "path" ? resolve(reference.path) : text;
}

async function fetchAnew(context: FetchContext, request: FetchRequest): Promise<StoredImage> {
  // OpenPGP, archives and https are loaded by who fetches.
  const { importImage } = await import("./import-image.ts");
  const lock = context.store.tryLock({ shared: true });
  try {
    const staging = context.store.stage();
    try {
      return await importImage(context, { ...request, staging: staging.path });
    } finally {
      staging.release();
    }
  } finally {
    lock?.release();
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
