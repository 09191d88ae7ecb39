import { createHash } from "node:crypto";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Dependency } from "../spec/appc.ts";
import type { StoredImage } from "../store/image.ts";
import type { Store } from "../store/store.ts";

/** One layer of an image: a stored image's files, filtered. */
export interface Layer {
  readonly image: StoredImage;
  /** `pathWhitelist` of the nearest image above that has one: what is not in it is not there. */
  readonly ancestorWhitelist: readonly string[] | undefined;
  /** Of the rendered tree: equal keys, equal trees. */
  readonly key: string;
}

/**
 * The layers of an image, topmost first: the image, then its dependencies, the last listed highest, each followed by its own
 * (appc 0.8.11, "Dependency Matching"; the order is the original's). Of several equal layers only the highest counts.
 * Throws `store-no-image` for a dependency that the store lacks, `image-dependency-cycle`.
 */
export function planLayers(store: Store, image: StoredImage): Layer[] {
  const plan: Planning = { images: [], layers: [], seen: new Set() };
  addLayers(store, { image, whitelist: undefined, above: [] }, plan);
  return plan.layers;
}

interface Place {
  readonly image: StoredImage;
  readonly whitelist: readonly string[] | undefined;
  readonly above: readonly StoredImage[];
}

interface Planning {
  /** Of the store, as soon as a dependency is looked for: the newest first. */
  images: readonly StoredImage[];
  readonly layers: Layer[];
  readonly seen: Set<string>;
}

/**
 * overlayfs takes no directory twice, and the lower one would change nothing: what was met before has its layers there, all of its own
 * dependencies too. So no number of dependencies costs more than there are images and whitelists.
 */
function addLayers(store: Store, { image, whitelist, above }: Place, plan: Planning): void {
  if (above.some(({ id }) => id === image.id)) {
    throw new RktError("image-dependency-cycle", `Cannot use image ${quoteText(image.name)}: it depends on itself`);
  }
  const key = keyOf(image, whitelist);
  if (plan.seen.has(key)) return;
  plan.seen.add(key);
  plan.layers.push({ image, ancestorWhitelist: whitelist, key });
  const own = image.manifest.pathWhitelist ?? [];
  const below = own.length > 0 ? own : whitelist;
  const dependencies = (image.manifest.dependencies ?? []).toReversed();
  if (dependencies.length > 0 && plan.images.length === 0) plan.images = store.images();
  for (const dependency of dependencies) {
    addLayers(store, { image: findDependency(plan.images, image, dependency), whitelist: below, above: [...above, image] }, plan);
  }
}

/** The image's own whitelist is part of its content, and so of its ID. */
function keyOf(image: StoredImage, whitelist: readonly string[] | undefined): string {
  if (whitelist === undefined) return image.id;
  const hash = createHash("sha256").update(JSON.stringify([...new Set(whitelist)].toSorted()));
  return `${image.id}-only-${hash.digest("hex").slice(0, 32)}`;
}

function findDependency(images: readonly StoredImage[], image: StoredImage, dependency: Dependency): StoredImage {
  const wanted = dependency.labels ?? [];
  const found = images.find(
    (candidate) =>
      candidate.name === dependency.imageName &&
      (dependency.imageID === undefined || candidate.id === dependency.imageID) &&
      wanted.every((label) => candidate.labels.some(({ name, value }) => name === label.name && value === label.value)),
  );
  if (found !== undefined) return found;
  const labels = wanted.map(({ name, value }) => `,${name}=${value}`).join("");
  throw new RktError(
    "store-no-image",
    `Cannot use image ${quoteText(image.name)}: the store has no ${quoteText(`${dependency.imageName}${labels}`)}, on which it depends`,
    {
      hint: "Fetch that image first",
    },
  );
}
