import type { ApplyContext } from "../apply/context.ts";
import { judgeStage1 } from "../apply/judge.ts";
import { findEngine, type Stage1Provider } from "../apply/stage1.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { isStage1File } from "../config/stage1-images.ts";
import { renderImage } from "../image/render.ts";
import { engineOfImage } from "../spec/stage1-manifest.ts";
import { builtInEngine, parseStage1, type Stage1Reference } from "../spec/stage1-name.ts";
import type { StoredImage } from "../store/image.ts";
import { lastImportFrom } from "../store/sources.ts";
import type { Context } from "./context.ts";
import { fetchLogged } from "./fetch-logged.ts";
import { pickRunImage } from "./run-image.ts";

/** Engines, and images of them: found or fetched, judged by today's keys unless that check was switched off, rendered. */
export function makeStage1Provider(context: Context, apply: ApplyContext, insecure: ReadonlySet<string> = new Set()): Stage1Provider {
  return async (text) => {
    const named = parseStage1(text);
    if (named.kind === "engine") return { engine: findEngine(apply.engines, named.name) };
    const found = await pick(context, apply, { text, reference: named.reference, insecure });
    if (typeof found === "string") return { engine: findEngine(apply.engines, found) };
    const engine = findEngine(apply.engines, engineOfImage(found.manifest));
    if (!insecure.has("image")) await judgeStage1(apply, found);
    const image = await renderImage(apply, found);
    if (image.layers.length !== 1)
      throw new RktError("stage1-image", `Cannot use image ${quoteText(found.name)} as stage1: it depends on other images`, {
        hint: "An image of stage1 stands by itself: take another one",
      });
    apply.store.touch(found.id);
    return { engine, image };
  };
}

interface Wanted {
  readonly text: string;
  readonly reference: Extract<Stage1Reference, { readonly kind: "image" }>["reference"];
  readonly insecure: ReadonlySet<string>;
}

/** An image, or the name of an engine that stands for it. */
async function pick(context: Context, apply: ApplyContext, { text, reference, insecure }: Wanted): Promise<StoredImage | string> {
  switch (reference.kind) {
    case "hash":
      return apply.store.find(reference);
    case "name": {
      const found = apply.store.findAll(reference)[0] ?? builtInEngine(reference.name);
      if (found !== undefined) return found;
      throw new RktError("store-no-image", `Cannot use stage1 ${quoteText(text)}: the store has no such image`, {
        hint: `Fetch it from a file or an https URL first: "rkt fetch --stage1-path=FILE.aci"`,
      });
    }
    case "path":
      if (!reference.path.startsWith("/")) {
        throw new RktError("image-path-relative", `Cannot use stage1 ${quoteText(text)}: it is no absolute path`);
      }
      if (isStage1File(context.host, context.paths, reference.path)) return fetchStage1File(context, apply, reference.path);
  }
  return pickRunImage(context, apply, { image: text, pull: "new" }, insecure);
}

/** Of the directory of stage1's images: no signature is asked for. What is in the store already is read again when the file has changed since. */
export async function fetchStage1File(
  context: Context,
  from: Pick<ApplyContext, "store" | "keystore">,
  path: string,
): Promise<StoredImage> {
  const known = from.store.findAllFrom(path).find((image) => image.stage1File === path);
  const readAt = known === undefined ? 0 : (lastImportFrom(known, path) ?? 0);
  if (known !== undefined && context.host.files.stat(path).ctimeMs < readAt) return known;
  return fetchLogged(context, from, path, { stage1File: true });
}
