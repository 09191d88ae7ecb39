import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { nameImage, shortenId } from "../image-name.ts";
import { viewOne, viewPods } from "../pod-view.ts";

/** A version may be any text: only what every shell takes for one plain word is printed. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._:/+-]*$/;

export async function run(context: Context, [kind = "", text = ""]: readonly string[]): Promise<number> {
  const words = (await listWords(context, kind, text)).filter((word) => PLAIN.test(word));
  context.stdout.write([...new Set(words)].map((word) => `${word}\n`).join(""));
  return 0;
}

async function listWords(context: Context, kind: string, text: string): Promise<string[]> {
  if (kind === "images") return listImages(context, text);
  if (kind === "apps") return listApps(context, text);
  throw new RktError("usage", `Cannot list ${quoteText(kind)}: they are completed without rkt`, { hint: "It lists images and apps" });
}

/** Names; IDs only for who begins to type one. */
function listImages(context: Context, text: string): string[] {
  const images = openStore(context.host, context.paths.dataDir).images();
  const words = text.startsWith("sha") ? images.map((image) => shortenId(image.id, Math.max(12, text.length - 7))) : images.map(nameImage);
  return words.filter((word) => word.startsWith(text));
}

/** Without a pod those of all. */
async function listApps(context: Context, pod: string): Promise<string[]> {
  const views = pod === "" ? await viewPods(context, []) : [viewOne(context, pod)];
  return views.flatMap((view) => view.apps.map(({ app }) => app.name));
}
