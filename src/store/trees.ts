import { join } from "node:path";
import { errno } from "../base/error.ts";
import { canonicalJson } from "../base/json.ts";
import { type ImageId, parseImageId } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { Layout } from "./layout.ts";
import { stageAway } from "./staging.ts";

/** A rendered layer: `rootfs` and its description below `cas/tree/KEY`. Never changed once it is there. */
export interface StoredTree {
  /** Names content and filter: equal keys, equal trees. */
  readonly key: string;
  readonly image: ImageId;
  /** Bytes. */
  readonly size: number;
  /** The tree's `rootfs`. */
  readonly path: string;
}

export function treeRootfs(layout: Layout, key: string): string {
  return join(layout.trees, key, "rootfs");
}

/** The tree appears by one rename, whole, so that its name is all that has to be looked for. */
export function hasTree(host: Host, layout: Layout, key: string): boolean {
  return host.files.tryLstat(join(layout.trees, key))?.type === "directory";
}

export function listTrees(host: Host, layout: Layout): StoredTree[] {
  return host.files.tryList(layout.trees).flatMap((key) => {
    const text = host.files.tryReadText(join(layout.trees, key, "tree.json"));
    if (text === undefined) return [];
    const { image, size } = JSON.parse(text) as { readonly image: string; readonly size: number };
    return [{ key, image: parseImageId(image), size, path: treeRootfs(layout, key) }];
  });
}

/**
 * Moves a staged directory with a `rootfs` in it to its place, after everything in it is on disk. When another process has put
 * the same tree there in the meantime, that one stays.
 */
export function placeTree(host: Host, layout: Layout, staged: string, tree: Omit<StoredTree, "path">): void {
  host.files.write(join(staged, "tree.json"), `${canonicalJson({ image: tree.image, size: tree.size })}\n`, { mode: 0o600 });
  host.files.syncFileSystem(staged);
  try {
    host.files.rename(staged, join(layout.trees, tree.key));
  } catch (error) {
    if (errno(error) !== "ENOTEMPTY" && errno(error) !== "EEXIST") throw error;
  }
  host.files.sync(layout.trees);
}

/** In two steps: renamed away, so that half a tree never stands under its name, then removed. Needs no room on the disk. */
export function discardTree(host: Host, layout: Layout, key: string): void {
  if (!hasTree(host, layout, key)) return;
  const grave = stageAway(host, layout, join(layout.trees, key));
  try {
    host.files.sync(layout.trees);
  } finally {
    grave.release();
  }
}
