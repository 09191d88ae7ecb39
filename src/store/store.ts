import { dirname, join } from "node:path";
import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { ImageId } from "../base/id.ts";
import type { Host, Lock, LockOptions } from "../host/host.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";
import type { StoredImage } from "./image.ts";
import { blobPath, type Layout, layoutOf, makeLayout, recordPath } from "./layout.ts";
import { formatQuery, type ImageQuery, matchesQuery, parseImageQuery } from "./query.ts";
import { changeRecord, type ImageRecord, listRecords, readRecord, touchRecord, toStoredImage, writeRecord } from "./record.ts";
import { earlierSources, imagesFrom } from "./sources.ts";
import { sweepUnrecorded } from "./sweep.ts";
import { openStaging, type Staging } from "./staging.ts";
import { discardTree, hasTree, listTrees, placeTree, type StoredTree, treeRootfs } from "./trees.ts";

/** What is to be said of an image that comes into the store. */
export type NewImage = Omit<ImageRecord, "record" | "importTime" | "firstImportTime" | "treeSizes" | "earlierSources">;

/** Images by content. Whatever is found here is whole: files are synced before they get their names, records come last. */
export interface Store {
  readonly dataDir: string;
  /** Newest first, by their first import. */
  images(): StoredImage[];
  get(id: ImageId): StoredImage | undefined;
  /** Newest first, by their first import; empty when none matches. */
  findAll(reference: string | ImageQuery): StoredImage[];
  /** By the beginning of its ID (throws `store-image-ambiguous` where several have it) or by name (the newest first import). Throws `store-no-image`. */
  find(reference: string | ImageQuery): StoredImage;
  /** Of a file or URL (`StoredImage.source`): what came from there last comes first. Sources that an image had long ago may be forgotten. */
  findAllFrom(source: string): StoredImage[];
  /**
   * Takes a blob (uncompressed archive, a file in a staging directory whose sha512 the caller has computed) and its record.
   * The same content again has a new import time, and is found by name no sooner than before: who reads an older file again moves no
   * other pod back. What was verified before stays known, and where it came from. Nothing is left of an image that cannot be added.
   */
  add(image: NewImage, stagedBlob: string): StoredImage;
  /** Record and blob; its trees stay until gc, because pods may use them. Call under the exclusive lock. False when there was none. */
  remove(id: ImageId): boolean;
  /** It was used now. */
  touch(id: ImageId): void;
  /** The uncompressed archive. */
  blobPath(id: ImageId): string;
  /** The `rootfs` of a tree, whether it is there or not. */
  treePath(key: string): string;
  hasTree(key: string): boolean;
  trees(): StoredTree[];
  /** `staged` is a directory of a staging directory, with `rootfs` in it. */
  addTree(staged: string, tree: Omit<StoredTree, "path">): void;
  /** Call under the exclusive lock, for trees that no pod refers to. */
  removeTree(key: string): void;
  /** A place to write to; also removes what dead processes left. */
  stage(): Staging;
  /** Shared: nothing is taken away meanwhile. Exclusive: for those who take away. */
  tryLock(options?: LockOptions): Lock | undefined;
}

/** Does nothing yet: members of the group may open it and list. */
export function openStore(host: Host, dataDir: string): Store {
  const layout = layoutOf(dataDir);
  const images = (): StoredImage[] => readImages(host, layout);
  const findAll = (reference: string | ImageQuery): StoredImage[] => images().filter((image) => matchesQuery(image, toQuery(reference)));
  const prepare = (): void => makeLayout(host, layout);
  return {
    dataDir,
    images,
    get: (id) => readImage(host, layout, id),
    findAll,
    find: (reference) => pickOne(toQuery(reference), findAll(reference)),
    findAllFrom: (source) => imagesFrom(images(), source),
    add: (image, stagedBlob) => addImage(host, layout, image, stagedBlob),
    remove: (id) => removeImage(host, layout, id),
    touch: (id) => touchRecord(host, layout, id, host.clock.now()),
    blobPath: (id) => blobPath(layout, id),
    treePath: (key) => treeRootfs(layout, key),
    hasTree: (key) => hasTree(host, layout, key),
    trees: () => listTrees(host, layout),
    addTree: (staged, tree) => addTree(host, layout, staged, tree),
    removeTree: (key) => dropTree(host, layout, key),
    stage: () => {
      prepare();
      return openStaging(host, layout);
    },
    tryLock: (options) => {
      prepare();
      return host.locks.tryLock(join(layout.locks, "store"), options);
    },
  };
}

function toQuery(reference: string | ImageQuery): ImageQuery {
  return typeof reference === "string" ? parseImageQuery(reference) : reference;
}

function readImages(host: Host, layout: Layout): StoredImage[] {
  const images = listRecords(host, layout).map((id) => readImage(host, layout, id));
  const present = images.filter((image) => image !== undefined);
  return present.toSorted((a, b) => firstImport(b) - firstImport(a) || (a.id < b.id ? -1 : 1));
}

function firstImport({ firstImportTime, importTime }: Pick<StoredImage, "firstImportTime" | "importTime">): number {
  return firstImportTime ?? importTime;
}

function readImage(host: Host, layout: Layout, id: ImageId): StoredImage | undefined {
  const record = readRecord(host, layout, id);
  return record === undefined ? undefined : toStoredImage(host, layout, record);
}

function pickOne(query: ImageQuery, found: readonly StoredImage[]): StoredImage {
  const [newest] = found;
  if (newest === undefined) {
    throw new RktError("store-no-image", `Cannot find image ${quoteText(formatQuery(query))}: the store has none`, {
      hint: `See "rkt image list", or fetch it with "rkt fetch"`,
    });
  }
  if (query.kind === "hash" && found.length > 1) {
    throw new RktError(
      "store-image-ambiguous",
      `Cannot find image ${quoteText(query.prefix)}: ambiguous image ID, ${found.length} images have it`,
      {
        hint: "Say more of its digits",
      },
    );
  }
  return newest;
}

function addImage(host: Host, layout: Layout, image: NewImage, stagedBlob: string): StoredImage {
  makeLayout(host, layout);
  host.files.sync(stagedBlob);
  return withRecordLock(host, layout, () => {
    sweepUnrecorded(host, layout);
    const known = readRecord(host, layout, image.id);
    const signatures = mergeFacts(known?.signatures ?? [], image.signatures);
    const treeSizes = treeSizesOf(host, layout, image.id);
    const stage1File = image.stage1File ?? known?.stage1File;
    const trusted = stage1File === undefined ? {} : { stage1File };
    const earlier = earlierSources(known, image.source);
    const record: ImageRecord = {
      ...image,
      ...trusted,
      ...(earlier.length === 0 ? {} : { earlierSources: earlier }),
      record: 1,
      importTime: nextImportTime(host, layout),
      ...(known === undefined ? {} : { firstImportTime: firstImport(known) }),
      signatures,
      treeSizes,
    };
    try {
      placeBlob(host, stagedBlob, blobPath(layout, image.id));
      writeRecord(host, layout, record);
    } catch (error) {
      if (known === undefined) removeQuietly(host, layout, image.id);
      throw error;
    }
    return toStoredImage(host, layout, record);
  });
}

function removeQuietly(host: Host, layout: Layout, id: ImageId): void {
  try {
    removeImage(host, layout, id);
  } catch {
    // The error that brought us here says more.
  }
}

function placeBlob(host: Host, staged: string, target: string): void {
  host.files.mkdir(dirname(target), { mode: 0o700, recursive: true });
  host.files.rename(staged, target);
  host.files.sync(dirname(target));
  host.files.sync(dirname(dirname(target)));
}

/** Later than all others, also when two come within a millisecond or the clock was set back. */
function nextImportTime(host: Host, layout: Layout): number {
  const newest = readImages(host, layout).reduce((latest, { importTime }) => Math.max(latest, importTime), 0);
  return Math.max(host.clock.now(), newest + 1);
}

function treeSizesOf(host: Host, layout: Layout, id: ImageId): Record<string, number> {
  return Object.fromEntries(
    listTrees(host, layout)
      .filter((tree) => tree.image === id)
      .map(({ key, size }) => [key, size]),
  );
}

/** A signature that is verified again replaces what was known of it. */
function mergeFacts(known: readonly SignatureFact[], added: readonly SignatureFact[]): SignatureFact[] {
  const keyOf = (fact: SignatureFact): string => `${fact.signingFingerprint} ${fact.signedAt} ${fact.signedDigest}`;
  return [...new Map([...known, ...added].map((fact) => [keyOf(fact), fact])).values()];
}

function removeImage(host: Host, layout: Layout, id: ImageId): boolean {
  const removed = unlinkIfThere(host, recordPath(layout, id));
  if (removed) host.files.sync(layout.records);
  unlinkIfThere(host, blobPath(layout, id));
  return removed;
}

function unlinkIfThere(host: Host, path: string): boolean {
  try {
    host.files.unlink(path);
    return true;
  } catch (error) {
    if (errno(error) === "ENOENT") return false;
    throw error;
  }
}

function addTree(host: Host, layout: Layout, staged: string, tree: Omit<StoredTree, "path">): void {
  placeTree(host, layout, staged, tree);
  setTreeSize(host, layout, tree.image, (sizes) => ({ ...sizes, [tree.key]: tree.size }));
}

function dropTree(host: Host, layout: Layout, key: string): void {
  const tree = listTrees(host, layout).find((candidate) => candidate.key === key);
  discardTree(host, layout, key);
  if (tree === undefined) return;
  setTreeSize(host, layout, tree.image, (sizes) => Object.fromEntries(Object.entries(sizes).filter(([name]) => name !== key)));
}

type Sizes = ImageRecord["treeSizes"];

function setTreeSize(host: Host, layout: Layout, id: ImageId, change: (sizes: Sizes) => Sizes): void {
  withRecordLock(host, layout, () => changeRecord(host, layout, id, (record) => ({ ...record, treeSizes: change(record.treeSizes) })));
}

/** Two processes that change one record at a time must not undo each other. */
function withRecordLock<T>(host: Host, layout: Layout, work: () => T): T {
  const lock = host.locks.tryLock(join(layout.locks, "store-records"));
  try {
    return work();
  } finally {
    lock?.release();
  }
}
