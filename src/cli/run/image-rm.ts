import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { StoredImage } from "../../store/image.ts";
import type { Store } from "../../store/store.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { forEachArgument } from "../for-each.ts";
import { nameImage } from "../image-name.ts";
import { listKeptImages } from "../images-kept.ts";
import { withStoreLock } from "../store-lock.ts";

export async function run(context: Context, args: readonly string[]): Promise<number> {
  const store = openStore(context.host, context.paths.dataDir);
  return await withStoreLock(store, () => removeImages(context, store, args));
}

async function removeImages(context: Context, store: Store, args: readonly string[]): Promise<number> {
  const kept = listKeptImages(context);
  let removed = 0;
  const status = await forEachArgument({ context, command: "image rm" }, args, async (text) => {
    const image = findOne(store, text);
    refuseKept(image, kept);
    for (const tree of store.trees()) if (tree.image === image.id) store.removeTree(tree.key);
    store.remove(image.id);
    removed += 1;
    context.stdout.write(`successfully removed aci for image: ${quoteText(image.id)}\n`);
  });
  context.stderr.write(`${removed} image(s) successfully removed\n`);
  if (removed < args.length) context.stderr.write(`${args.length - removed} image(s) cannot be removed\n`);
  return status;
}

/** A name that several images have is refused: the newest is not necessarily the one that is meant. */
function findOne(store: Store, text: string): StoredImage {
  const found = store.findAll(text);
  if (found.length < 2) return store.find(text);
  throw new RktError("store-image-ambiguous", `Cannot remove image ${quoteText(text)}: ${found.length} images match it`, {
    hint: `Give an ID: ${found.map((image) => image.id.slice(0, 19)).join(", ")}`,
  });
}

function refuseKept(image: StoredImage, kept: ReadonlyMap<string, readonly string[]>): void {
  const pods = kept.get(image.id) ?? [];
  if (pods.length === 0) return;
  const names = pods.map((name) => quoteText(name)).join(", ");
  throw new RktError("image-in-use", `Cannot remove image ${quoteText(nameImage(image))}: pods need it: ${names}`, {
    hint: `Remove the pods first with "rkt pod rm" or "rkt rm"; "rkt gc" lets go of generations that are not applied any more`,
  });
}
