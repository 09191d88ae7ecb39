import { join } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { StoredImage } from "../store/image.ts";
import type { Store } from "../store/store.ts";
import { readAci } from "./archive/aci.ts";
import type { ArchiveEntry } from "./archive/entry.ts";
import { identify } from "./archive/identify.ts";
import { defaultLimits } from "./archive/limits.ts";
import { explainStore } from "./explain-store.ts";
import { type Layer, planLayers } from "./layers.ts";
import { createTreeWriter } from "./tree-writer.ts";

export interface RenderContext {
  readonly host: Host;
  readonly store: Store;
}

export interface RenderOptions {
  /** Give files their owners, devices and capabilities: needs root. Default true. */
  readonly ownership?: boolean;
}

/** An image whose layers lie in the store as trees. */
export interface RenderedImage {
  readonly image: StoredImage;
  /** All images that have a part in it, itself first. */
  readonly images: readonly StoredImage[];
  /** Absolute paths, topmost first: overlay's order of `lowerdir=`. */
  readonly layers: readonly string[];
}

/**
 * Renders what is missing of an image's layers. Each tree appears whole by one rename, after its bytes are on disk. Hold the store's
 * shared lock until something refers to the trees, else gc may take them.
 */
export async function renderImage(context: RenderContext, image: StoredImage, options: RenderOptions = {}): Promise<RenderedImage> {
  const plan = planLayers(context.store, image);
  for (const layer of plan) {
    if (!context.store.hasTree(layer.key)) await renderLayer(context, layer, options);
  }
  const images = [...new Map(plan.map((layer) => [layer.image.id, layer.image])).values()];
  return { image, images, layers: plan.map((layer) => context.store.treePath(layer.key)) };
}

/** Renders one stored archive into an empty directory that only this process uses; returns the bytes of its files. */
export async function renderAci(context: RenderContext, layer: Layer, directory: string, options: RenderOptions = {}): Promise<number> {
  const { host, store } = context;
  const writer = createTreeWriter(host.raw, directory, { ...options, keeps: keepsOf(layer) });
  const blob = host.files.blocks(store.blobPath(layer.image.id));
  const reading = { limits: { ...defaultLimits, totalBytes: Number.MAX_SAFE_INTEGER }, files: writer.add };
  const { id } = await identify(host.hashes, blob, (chunks) => readAci(chunks, reading)).finally(writer.abandon);
  // The name of a blob is its hash: a disk that has changed it since must not get away with it.
  if (id !== layer.image.id) {
    throw new RktError("store-blob-damaged", `Cannot render image ${quoteText(layer.image.name)}: its content in the store is damaged`, {
      hint: `Remove it with "rkt image rm" and fetch it again`,
    });
  }
  return writer.finish();
}

async function renderLayer(context: RenderContext, layer: Layer, options: RenderOptions): Promise<void> {
  try {
    await withStagedTree(context, layer, options, async ({ staged, size }) => {
      context.store.addTree(staged, { key: layer.key, image: layer.image.id, size });
    });
  } catch (error) {
    throw explainStore(error, `Cannot render image ${quoteText(layer.image.name)}`, context.store);
  }
}

/** A layer's tree that nobody else sees yet: `rootfs` lies in `staged`, which `Store.addTree` takes. */
export interface StagedTree {
  readonly staged: string;
  readonly rootfs: string;
  readonly size: number;
}

/** Renders a layer into a staging directory for as long as the action takes. */
export async function withStagedTree<Result>(
  context: RenderContext,
  layer: Layer,
  options: RenderOptions,
  action: (tree: StagedTree) => Promise<Result>,
): Promise<Result> {
  const { host, store } = context;
  const staging = store.stage();
  try {
    const staged = join(staging.path, "tree");
    const rootfs = join(staged, "rootfs");
    host.files.mkdir(staged, { mode: 0o700 });
    host.files.mkdir(rootfs, { mode: 0o700 });
    return await action({ staged, rootfs, size: await renderAci(context, layer, rootfs, options) });
  } finally {
    staging.release();
  }
}

type Keeps = (path: string, entry: ArchiveEntry) => boolean;

/** An image's own list filters all but directories, that of the nearest image above filters everything (the original's rules). */
function keepsOf({ image, ancestorWhitelist }: Layer): Keeps {
  const own = toSet(image.manifest.pathWhitelist ?? []);
  const ancestor = toSet(ancestorWhitelist ?? []);
  return (path, entry) => (own.size === 0 || entry.type === "directory" || own.has(path)) && (ancestor.size === 0 || ancestor.has(path));
}

/** As archives name files: bytes, no slash in front. */
function toSet(paths: readonly string[]): ReadonlySet<string> {
  return new Set(
    paths.map((path) =>
      Buffer.from(
        path
          .split("/")
          .filter((part) => part !== "" && part !== ".")
          .join("/"),
      ).toString("latin1"),
    ),
  );
}
