import type { RktError } from "../base/error.ts";
import type { Owner, RawFiles } from "../host/raw.ts";
import { type ArchiveEntry, badEntry, type ContentSink, type Timestamp } from "./archive/entry.ts";

export interface TreeOptions {
  /** Give files their owners, devices and capabilities: needs root. Default true. */
  readonly ownership?: boolean;
  /** Paths that stay, each without the leading slash; the others are removed at the end. */
  readonly keeps?: (path: string, entry: ArchiveEntry) => boolean;
}

export interface TreeWriter {
  /** `path` is from the tree's top; empty for the top itself. */
  add(entry: ArchiveEntry, path: readonly string[]): ContentSink | undefined;
  /** After the last entry: what does not stay goes, directories get their owners, modes and times. Returns the bytes of all files. */
  finish(): number;
  /** Closes the file whose end never came: a file that is removed while it is open keeps its room. */
  abandon(): void;
}

/**
 * Writes entries below `top`, an empty directory that nobody else can enter (root's, below a 0700 directory). Nothing is followed:
 * each parent is seen to be a real directory before it is used, files are made by O_EXCL and O_NOFOLLOW, nothing is ever replaced.
 */
export function createTreeWriter(raw: RawFiles, top: string, options: TreeOptions = {}): TreeWriter {
  const tree: Tree = {
    raw,
    top: Buffer.from(top),
    ownership: options.ownership ?? true,
    keeps: options.keeps ?? (() => true),
    // The top comes first, whenever its entry comes.
    directories: new Map([["", undefined]]),
    dropped: [],
    open: undefined,
    bytes: 0,
  };
  return {
    add: (entry, path) => addEntry(tree, entry, path.join("/"), path),
    finish: () => finishTree(tree),
    abandon: () => closeOpen(tree),
  };
}

interface Tree {
  readonly raw: RawFiles;
  readonly top: Buffer;
  readonly ownership: boolean;
  readonly keeps: (path: string, entry: ArchiveEntry) => boolean;
  /** Seen or made by us; `undefined`: its entry has not come (yet). In the order they were made. */
  readonly directories: Map<string, ArchiveEntry | undefined>;
  readonly dropped: string[];
  /** The file that is being written. */
  open: number | undefined;
  bytes: number;
}

function addEntry(tree: Tree, entry: ArchiveEntry, name: string, path: readonly string[]): ContentSink | undefined {
  enterParents(tree, path, true);
  if (entry.type === "directory") return addDirectory(tree, entry, name);
  if (path.length === 0) throw badEntry(entry.path, "is no directory");
  if (!tree.keeps(name, entry)) tree.dropped.push(name);
  if (entry.type === "file") return addFile(tree, entry, name);
  if (entry.type === "link") return addLink(tree, entry, name);
  return addNode(tree, entry, name);
}

/** Each directory on the way is a real one: made here, or seen by lstat. */
function enterParents(tree: Tree, path: readonly string[], make: boolean): void {
  for (let depth = 1; depth < path.length; depth += 1) {
    const name = path.slice(0, depth).join("/");
    if (tree.directories.has(name)) continue;
    const type = tree.raw.typeOf(pathOf(tree, name));
    if (type !== undefined || !make) throw escapes(path, name, type ?? "missing");
    tree.raw.mkdir(pathOf(tree, name), 0o700);
    tree.directories.set(name, undefined);
  }
}

function addDirectory(tree: Tree, entry: ArchiveEntry, name: string): undefined {
  if (name !== "" && !tree.directories.has(name)) tree.raw.mkdir(pathOf(tree, name), 0o700);
  tree.directories.set(name, entry);
}

function addFile(tree: Tree, entry: ArchiveEntry, name: string): ContentSink {
  const path = pathOf(tree, name);
  const fd = tree.raw.create(path, 0o600);
  tree.open = fd;
  let left = entry.size;
  return {
    write: (chunk) => {
      left -= chunk.length;
      tree.raw.write(fd, chunk);
    },
    end: () => {
      // Writing takes the setuid bit away, a change of owner too: the mode comes last.
      tree.raw.setOwnerAndMode(fd, ownerOf(tree, entry), entry.mode);
      closeOpen(tree);
      if (left !== 0) throw badEntry(entry.path, "has not the size it says");
      setXattrs(tree, entry, path);
      setTime(tree, path, entry.mtime);
      tree.bytes += entry.size;
    },
  };
}

/** Once, even where it fails: the descriptor is gone in any case. */
function closeOpen(tree: Tree): void {
  const fd = tree.open;
  tree.open = undefined;
  if (fd !== undefined) tree.raw.close(fd);
}

function addLink(tree: Tree, entry: ArchiveEntry, name: string): undefined {
  const target = entry.linkPath.slice(1);
  enterParents(tree, target, false);
  const type = target.length === 0 ? "directory" : tree.raw.typeOf(pathOf(tree, target.join("/")));
  if (type === undefined || type === "directory") throw escapes(entry.path, target.join("/"), type ?? "missing");
  tree.raw.link(pathOf(tree, target.join("/")), pathOf(tree, name));
}

function addNode(tree: Tree, entry: ArchiveEntry, name: string): undefined {
  const path = pathOf(tree, name);
  const owner = ownerOf(tree, entry);
  if (entry.type === "symlink") {
    tree.raw.symlink(Buffer.from(entry.target, "latin1"), path);
    if (owner !== undefined) tree.raw.chown(path, owner);
  } else {
    if (entry.type === "fifo") tree.raw.makeNode(path, { type: "fifo" }, 0o600);
    else if (!tree.ownership) return;
    else if (entry.type === "character" || entry.type === "block") {
      tree.raw.makeNode(path, { type: entry.type, major: entry.major, minor: entry.minor }, 0o600);
    }
    if (owner !== undefined) tree.raw.chown(path, owner);
    tree.raw.chmod(path, entry.mode);
  }
  setTime(tree, path, entry.mtime);
}

function finishTree(tree: Tree): number {
  for (const name of tree.dropped) removeFile(tree, name);
  // Children first: what happens in a directory changes its time.
  for (const [name, entry] of [...tree.directories].toReversed()) finishDirectory(tree, name, entry);
  return tree.bytes;
}

function finishDirectory(tree: Tree, name: string, entry: ArchiveEntry | undefined): void {
  const path = pathOf(tree, name);
  if (name !== "" && entry !== undefined && !tree.keeps(name, entry) && tree.raw.list(path).length === 0) {
    tree.raw.rmdir(path);
    return;
  }
  const owner = entry === undefined ? undefined : ownerOf(tree, entry);
  if (owner !== undefined) tree.raw.chown(path, owner);
  if (entry !== undefined) setXattrs(tree, entry, path);
  tree.raw.chmod(path, entry?.mode ?? 0o755);
  setTime(tree, path, entry?.mtime ?? { seconds: 0, nanoseconds: 0 });
}

function removeFile(tree: Tree, name: string): void {
  const path = pathOf(tree, name);
  if (tree.raw.typeOf(path) !== undefined) tree.raw.unlink(path);
}

function setXattrs(tree: Tree, entry: ArchiveEntry, path: Buffer): void {
  for (const [name, value] of entry.xattrs) {
    const isCapability = name === "security.capability";
    if (isCapability && (!tree.ownership || entry.type !== "file")) continue;
    tree.raw.setXattr(path, name, value);
  }
}

function setTime(tree: Tree, path: Buffer, time: Timestamp): void {
  tree.raw.setTimes(path, time.seconds, time.nanoseconds);
}

function ownerOf(tree: Tree, entry: ArchiveEntry): Owner | undefined {
  return tree.ownership ? { uid: entry.uid, gid: entry.gid } : undefined;
}

function pathOf(tree: Tree, name: string): Buffer {
  return name === "" ? tree.top : Buffer.concat([tree.top, Buffer.from(`/${name}`, "latin1")]);
}

/** `outline.ts` has refused these before: when it comes to this, the disk is not as the archive says. */
function escapes(path: readonly string[], name: string, type: string): RktError {
  return badEntry(path, `needs ${JSON.stringify(name)} to be a real directory or file, and it is ${type}`);
}
