import { parseTimeSpan } from "../../base/quantity.ts";
import { quoteText } from "../../base/escape.ts";
import { RktError } from "../../base/error.ts";
import { planLayers } from "../../image/layers.ts";
import type { StoredImage } from "../../store/image.ts";
import type { Store } from "../../store/store.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { listKeptImages, listKeptTrees } from "../images-kept.ts";
import type { OptionValues } from "../options.ts";
import { withStoreLock } from "../store-lock.ts";

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const grace = parseTimeSpan(options.text("grace-period") ?? "24h") / 1000;
  const store = openStore(context.host, context.paths.dataDir);
  await withStoreLock(store, async () => {
    removeTrees(context, store);
    removeImages(context, store, grace);
    // What cut-short fetches and renders left. A full disk has room for a new directory by now.
    store.stage().release();
  });
  return 0;
}

function removeTrees(context: Context, store: Store): void {
  const kept = listKeptTrees(context);
  for (const tree of store.trees()) {
    if (kept.has(tree.path)) continue;
    store.removeTree(tree.key);
    context.stderr.write(`removed ${tree.path}\n`);
  }
}

function removeImages(context: Context, store: Store, grace: number): void {
  const kept = listKeptImages(context);
  const limit = context.host.clock.now() - grace;
  const isOld = (image: StoredImage): boolean => !kept.has(image.id) && Math.max(image.lastUsed, image.importTime) <= limit;
  const images = store.images();
  const needed = new Set(images.filter((image) => !isOld(image)).flatMap((image) => dependenciesOf(store, image)));
  const unused = images.filter((image) => isOld(image) && !needed.has(image.id));
  for (const image of unused) {
    store.remove(image.id);
    context.stdout.write(`successfully removed aci for image: ${quoteText(image.id)}\n`);
  }
  context.stderr.write(`${unused.length} image(s) successfully removed\n`);
}

/** What an image that stays is made of stays with it. One that lacks a part already keeps nothing. */
function dependenciesOf(store: Store, image: StoredImage): string[] {
  try {
    return planLayers(store, image).map((layer) => layer.image.id);
  } catch (error) {
    if (error instanceof RktError) return [];
    throw error;
  }
}
