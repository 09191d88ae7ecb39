import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { type FetchContext, fetchImage, type FetchOptions, readReference } from "../image/fetch.ts";
import { queueEvent } from "../journal/events.ts";
import type { StoredImage } from "../store/image.ts";
import { openCredentials } from "./configuration.ts";
import type { Context } from "./context.ts";
import { fetchProgress } from "./fetch-progress.ts";
import { nameImage } from "./image-name.ts";

/** As `fetchImage`, with progress for the user and an account for the host's journal: where it came from, who vouches for it, what was not checked. */
export async function fetchLogged(
  context: Context,
  from: Pick<FetchContext, "store" | "keystore">,
  text: string,
  options: FetchOptions = {},
): Promise<StoredImage> {
  const { host } = context;
  const { kind } = readReference(host, text);
  if (kind === "name" || kind === "hash") return fetchImage({ host, ...from }, text, options);
  const progress = fetchProgress(context, text);
  const startedAt = host.clock.now();
  try {
    const image = await fetchImage({ host, ...from, progress: progress.update, findAuth: openCredentials(context) }, text, options);
    logFetched(image, text, { insecure: options.insecure ?? new Set(), startedAt });
    return image;
  } catch (error) {
    if (error instanceof RktError && /^signature-|^image-no-signature$/.test(error.code)) {
      queueEvent({ name: "refused", text: `Refused the image from ${quoteText(text)}: ${error.message}` });
    }
    throw error;
  } finally {
    progress.finish();
  }
}

interface Fetching {
  readonly insecure: NonNullable<FetchOptions["insecure"]>;
  readonly startedAt: number;
}

function logFetched(image: StoredImage, text: string, { insecure, startedAt }: Fetching): void {
  const name = quoteText(nameImage(image));
  const about = { imageId: image.id, imageName: image.name };
  queueEvent({ name: "fetched", ...about, text: `Fetched image ${name} from ${quoteText(text)}` });
  if (insecure.size > 0) {
    const switchedOff = [...insecure].toSorted().join(", ");
    queueEvent({ name: "insecure", ...about, text: `Fetched image ${name} from ${quoteText(text)} without these checks: ${switchedOff}` });
  }
  // The record also holds what earlier fetches of the same content verified.
  for (const { fingerprint } of image.signatures.filter((fact) => !insecure.has("image") && fact.verifiedAt >= startedAt)) {
    queueEvent({
      name: "verified",
      ...about,
      keyFingerprint: fingerprint,
      text: `Image ${name} has a good signature by key ${fingerprint}`,
    });
  }
}
