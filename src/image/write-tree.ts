import { basename, dirname, join, resolve } from "node:path";
import { diskFull } from "../base/disk-full.ts";
import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { quoteShell } from "../base/quote-shell.ts";
import type { Host } from "../host/host.ts";
import type { StoredImage } from "../store/image.ts";
import { copyLines, layOver } from "./copy-layers.ts";
import { planLayers } from "./layers.ts";
import { renderAci, renderImage, type RenderContext } from "./render.ts";

export interface WriteTreeOptions {
  /** The directory becomes the root file system itself; else it holds `manifest` and `rootfs`, as an ACI does. */
  readonly rootfsOnly: boolean;
  /** Replace what is there. Default: `tree-exists`. */
  readonly overwrite: boolean;
}

/** Writes the files of one image's own archive to a directory, its dependencies' and path whitelist left out of account. */
export async function extractTree(context: RenderContext, image: StoredImage, directory: string, options: WriteTreeOptions): Promise<void> {
  const { pathWhitelist: _, ...manifest } = image.manifest;
  const layer = { image: { ...image, manifest }, ancestorWhitelist: undefined, key: image.id };
  await writeTree(context.host, image, { directory, ...options }, async (rootfs) => {
    await renderAci(context, layer, rootfs);
  });
}

/** Writes what an app of the image sees as its root to a directory: the image over its dependencies. Hold the store's shared lock. */
export async function renderTree(context: RenderContext, image: StoredImage, directory: string, options: WriteTreeOptions): Promise<void> {
  const [only, ...others] = planLayers(context.store, image);
  if (only !== undefined && others.length === 0 && !context.store.hasTree(only.key)) {
    // Straight to its place: the store needs no tree that no pod asked for.
    return writeTree(context.host, image, { directory, ...options }, async (rootfs) => void (await renderAci(context, only, rootfs)));
  }
  const { layers } = await renderImage(context, image);
  await writeTree(context.host, image, { directory, ...options }, async (rootfs) => {
    const script = [layOver, ...copyLines(layers, quoteShell(rootfs))].join("\n");
    await context.host.programs.run(["sh", "-eu", "-c", script], { timeout: 3_600_000 });
  });
}

interface Target extends WriteTreeOptions {
  readonly directory: string;
}

/** All of it appears by one rename, after it is on disk. Until then nobody else may enter it: strangers' setuid files lie there. */
async function writeTree(host: Host, image: StoredImage, target: Target, fill: (rootfs: string) => Promise<void>): Promise<void> {
  const { files } = host;
  const path = resolve(target.directory);
  if (path === "/") throw new RktError("tree-root", `Cannot write image ${quoteText(image.name)} to "/": that is this machine's own root`);
  const old = files.tryLstat(path);
  if (old !== undefined && !target.overwrite) {
    throw new RktError("tree-exists", `Cannot write image ${quoteText(image.name)} to ${quoteText(target.directory)}: it exists`, {
      hint: `"--overwrite" replaces it`,
    });
  }
  const staging = join(dirname(path), `.${basename(path)}.${host.random(6).toString("hex")}.tmp`);
  try {
    files.mkdir(staging, { mode: 0o700 });
    const whole = join(staging, "new");
    files.mkdir(whole, { mode: 0o755 });
    const rootfs = target.rootfsOnly ? whole : join(whole, "rootfs");
    if (!target.rootfsOnly) {
      files.mkdir(rootfs, { mode: 0o755 });
      files.write(join(whole, "manifest"), `${JSON.stringify(image.manifest)}\n`, { mode: 0o644 });
    }
    await fill(rootfs);
    files.syncFileSystem(staging);
    if (old !== undefined) files.rename(path, join(staging, "old"));
    try {
      files.rename(whole, path);
    } catch (error) {
      if (old !== undefined && files.tryLstat(path) === undefined) files.rename(join(staging, "old"), path);
      throw error;
    }
    files.sync(dirname(path));
  } catch (error) {
    const failed = `Cannot write image ${quoteText(image.name)} to ${quoteText(target.directory)}`;
    const full = diskFull(error, failed, { place: dirname(path) });
    if (full !== undefined || errno(error) === undefined) throw full ?? error;
    throw new RktError("tree-not-written", `${failed}: ${messageOf(error)}`, { cause: error });
  } finally {
    // Not what was there before, if it could not be put back.
    if (files.tryLstat(path) !== undefined || files.tryLstat(join(staging, "old")) === undefined) files.removeTree(staging);
  }
}
