import type { ApplyContext } from "../apply/context.ts";
import { judgeStored } from "../apply/judge.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { readReference, sourceOfImage } from "../image/fetch.ts";
import type { InsecureOption } from "../image/insecure.ts";
import { renderImage, type RenderedImage } from "../image/render.ts";
import type { StoredImage } from "../store/image.ts";
import type { Context } from "./context.ts";
import { fetchLogged } from "./fetch-logged.ts";

export interface WantedImage {
  readonly image: string;
  readonly pull: "new" | "never" | "update";
  readonly signature?: string;
}

/** An image for one run: found or fetched, judged by today's keys before anything of it is rendered, unless that check was switched off. */
export async function provideRunImage(
  context: Context,
  apply: ApplyContext,
  wanted: WantedImage,
  insecure: ReadonlySet<string>,
): Promise<RenderedImage> {
  const trusted = insecure.has("image");
  const image = await pickRunImage(context, apply, wanted, insecure);
  if (!trusted) await judgeStored(apply, image);
  const rendered = await renderImage(apply, image);
  if (!trusted) for (const part of rendered.images) await judgeStored(apply, part);
  for (const part of rendered.images) apply.store.touch(part.id);
  return rendered;
}

/** Neither judged nor rendered. */
export async function pickRunImage(
  context: Context,
  apply: Pick<ApplyContext, "store" | "keystore">,
  wanted: WantedImage,
  insecure: ReadonlySet<string>,
): Promise<StoredImage> {
  const reference = readReference(context.host, wanted.image);
  const { kind } = reference;
  const remote = kind === "path" || kind === "url";
  const [stored] = remote ? apply.store.findAllFrom(sourceOfImage(reference, wanted.image)) : [];
  const known = stored !== undefined && (stored.signatures.length > 0 || insecure.has("image")) ? stored : undefined;
  // A file is at hand: reading it again costs little, and shows that it changed.
  if (known !== undefined && (wanted.pull === "never" || (wanted.pull === "new" && kind === "url"))) return known;
  if (remote && wanted.pull === "never") {
    throw new RktError(
      "store-no-image",
      `Cannot run ${quoteText(wanted.image)}: the store has no image from it, and --pull-policy=never was said`,
      {
        hint: `Fetch it with "rkt fetch ${wanted.image}"`,
      },
    );
  }
  return fetchLogged(context, apply, wanted.image, {
    insecure: new Set([...insecure].filter(isFetchOption)),
    ...(wanted.signature === undefined ? {} : { signature: wanted.signature }),
  });
}

function isFetchOption(word: string): word is InsecureOption {
  return ["image", "tls", "http", "pubkey"].includes(word);
}
