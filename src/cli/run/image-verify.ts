import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { type TreeState, repairTree } from "../../image/check-tree.ts";
import { planLayers } from "../../image/layers.ts";
import { runningPods } from "../../pod/named.ts";
import { isBusy, labelOf, listPods } from "../../pod/pod.ts";
import type { StoredImage } from "../../store/image.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { forEachArgument } from "../for-each.ts";
import { nameImage } from "../image-name.ts";
import { listKeptImages } from "../images-kept.ts";
import { dirsOf } from "../pod-view.ts";
import { withStoreLock } from "../store-lock.ts";

const SENTENCES: Readonly<Record<TreeState, string>> = {
  absent: "not rendered; no verification needed",
  whole: "successfully verified",
  replaced: "the tree differed from the image and was rendered again",
};

export async function run(context: Context, args: readonly string[]): Promise<number> {
  const store = openStore(context.host, context.paths.dataDir);
  return await withStoreLock(store, () =>
    forEachArgument({ context, command: "image verify" }, args, async (text) => {
      for (const layer of planLayers(store, store.find(text))) {
        const beforeReplace = (): void => refuseRunning(context, layer.image);
        const state = await repairTree({ host: context.host, store }, layer, { beforeReplace });
        context.stdout.write(`image ${quoteText(nameImage(layer.image))}: ${SENTENCES[state]}\n`);
      }
    }),
  );
}

/** A pod that runs has the tree mounted: it would lose its files. */
function refuseRunning(context: Context, image: StoredImage): void {
  const users = listKeptImages(context).get(image.id) ?? [];
  const running = runningPods(context.host, dirsOf(context));
  const pods = listPods(context.host, dirsOf(context)).filter((pod) => users.includes(labelOf(pod)) && isBusy(context.host, pod, running));
  if (pods.length === 0) return;
  const names = pods.map((pod) => quoteText(labelOf(pod))).join(", ");
  throw new RktError(
    "image-in-use",
    `Cannot repair image ${quoteText(nameImage(image))}: its tree differs from the image, and running pods use it: ${names}`,
    {
      hint: `Stop them with "rkt stop", then verify again`,
    },
  );
}
