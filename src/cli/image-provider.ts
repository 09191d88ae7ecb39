import type { ImageProvider } from "../apply/apply-pod.ts";
import type { ApplyContext } from "../apply/context.ts";
import { judgeStored } from "../apply/judge.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { readReference, sourceOfImage } from "../image/fetch.ts";
import { renderImage } from "../image/render.ts";
import type { AppDeclaration } from "../spec/declaration.ts";
import type { StoredImage } from "../store/image.ts";
import type { Context } from "./context.ts";
import { fetchLogged } from "./fetch-logged.ts";

/**
 * Images for an apply: found in the store or fetched, as Pull= or `--pull` says; judged by today's keys before anything of them is
 * rendered, with their dependencies; rendered.
 */
export function makeImageProvider(context: Context, apply: ApplyContext, pull: string | undefined): ImageProvider & ImageFetcher {
  const fetched = new Map<string, Promise<StoredImage>>();
  const pickOnce = (app: AppDeclaration): Promise<StoredImage> => {
    if (readReference(context.host, app.image).kind !== "url") return pick(context, apply, app, pull ?? app.pull);
    const key = `${pull ?? app.pull} ${app.image}`;
    const known = fetched.get(key) ?? pick(context, apply, app, pull ?? app.pull);
    fetched.set(key, known);
    return known;
  };
  const provide: ImageProvider = async (app) => {
    const image = await inApp(app, () => pickOnce(app));
    await inApp(app, () => judgeStored(apply, image));
    const rendered = await inApp(app, () => renderImage(apply, image));
    for (const part of rendered.images) await inApp(app, () => judgeStored(apply, part));
    for (const part of rendered.images) apply.store.touch(part.id);
    return rendered;
  };
  return Object.assign(provide, {
    fetch: async (apps: readonly AppDeclaration[]) => {
      for (const app of apps) {
        if (readReference(context.host, app.image).kind !== "url") continue;
        // One after the other, as they always were; what fails is told when the image is asked for.
        await pickOnce(app).catch(() => undefined);
      }
    },
  });
}

/** Fetches what URLs name, once each, before anything is locked that others wait for. */
export interface ImageFetcher {
  fetch(apps: readonly AppDeclaration[]): Promise<void>;
}

async function pick(context: Context, apply: ApplyContext, app: AppDeclaration, pull: string): Promise<StoredImage> {
  const reference = readReference(context.host, app.image);
  if (reference.kind === "path" && !reference.path.startsWith("/")) {
    throw new RktError("image-path-relative", `${quoteText(app.image)} is no absolute path`, {
      hint: "A pod file means the same wherever rkt is started",
    });
  }
  const remote = reference.kind === "path" || reference.kind === "url";
  const known = remote
    ? apply.store.findAllFrom(sourceOfImage(reference, app.image)).find((image) => image.signatures.length > 0)
    : undefined;
  // A file is at hand: reading it again costs little, and shows that it changed.
  if (known !== undefined && (pull === "never" || (pull === "new" && reference.kind === "url"))) return known;
  if (remote && pull === "never") {
    throw new RktError("store-no-image", `the store has no image from ${quoteText(app.image)}, and Pull=never was said`, {
      hint: `Fetch it with "rkt fetch ${app.image}"`,
    });
  }
  return fetchLogged(context, apply, app.image);
}

/** Errors of an image, headed by the place that names it. */
async function inApp<Result>(app: AppDeclaration, action: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    const { path, line } = app.imageOrigin;
    const hint = error.code === "image-no-signature" ? "Images of pod files are verified always: put the signature there" : error.hint;
    throw new RktError(error.code, `${path}:${line}: Cannot use the image of app ${quoteText(app.name)}: ${error.message}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
