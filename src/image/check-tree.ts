import { createHash } from "node:crypto";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import { explainStore } from "./explain-store.ts";
import type { Layer } from "./layers.ts";
import { type RenderContext, type RenderOptions, withStagedTree } from "./render.ts";

/** What `repairTree` found: no tree, one that is as its archive says, or one that was not and has been replaced. */
export type TreeState = "absent" | "whole" | "replaced";

export interface RepairOptions extends RenderOptions {
  /** Called before a damaged tree is replaced: throws where that must not be. */
  readonly beforeReplace?: () => void;
}

/**
 * Renders a layer anew and compares: names, types, contents, modes, owners, times, links and extended attributes. A tree that
 * differs is replaced. Throws `store-blob-damaged` where the archive itself is. Call under the store's exclusive lock.
 */
export async function repairTree(context: RenderContext, layer: Layer, options: RepairOptions = {}): Promise<TreeState> {
  const { host, store } = context;
  if (!store.hasTree(layer.key)) return "absent";
  try {
    return await withStagedTree(context, layer, options, async ({ staged, rootfs, size }) => {
      if ((await digestTree(host, rootfs)) === (await digestTree(host, store.treePath(layer.key)))) return "whole";
      options.beforeReplace?.();
      store.removeTree(layer.key);
      store.addTree(staged, { key: layer.key, image: layer.image.id, size });
      return "replaced";
    });
  } catch (error) {
    throw explainStore(error, `Cannot verify image ${quoteText(layer.image.name)}`, store);
  }
}

/** tar's stream in a fixed order: it says all of a tree that the next start could see. A tree that cannot be read equals no other. */
async function digestTree(host: Host, directory: string): Promise<string> {
  const archive = host.programs.pipe([
    "tar",
    "--create",
    "--file=-",
    "--format=posix",
    "--pax-option=exthdr.name=%d/%f,delete=atime,delete=ctime",
    "--sort=name",
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    `--directory=${directory}`,
    ".",
  ]);
  const hash = createHash("sha512");
  archive.input.end();
  for await (const chunk of archive.output as AsyncIterable<Uint8Array>) hash.update(chunk);
  await archive.done;
  return hash.digest("hex");
}
