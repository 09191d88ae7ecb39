import { parseTimeSpan } from "../../base/quantity.ts";
import { quoteText } from "../../base/escape.ts";
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
    // What cut-short fetches and renders left.
    store.stage().release();
    removeTrees(context, store);
    removeImages(context, store, grace);
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
  const unused = store.images().filter((image) => !kept.has(image.id) && Math.max(image.lastUsed, image.importTime) <= limit);
  for (const image of unused) {
    store.remove(image.id);
    context.stdout.write(`successfully removed aci for image: ${quoteText(image.id)}\n`);
  }
  context.stderr.write(`${unused.length} image(s) successfully removed\n`);
}
