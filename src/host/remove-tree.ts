import * as fs from "node:fs";
import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** Directories that are open at once; below that they are moved up first. */
const deepest = 100;
const openDirectory = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
/** open(2): a name of the thing itself, whatever its mode. Node has no constant for it. */
const O_PATH = 0o10000000;

/**
 * Removes a tree without following links, also where somebody puts a link in a directory's place meanwhile: each directory is entered by
 * its descriptor. Refuses with `tree-has-mount` when something is mounted at or below it.
 */
export function removeTree(path: string): void {
  const top = fs.lstatSync(path, { throwIfNoEntry: false });
  if (top === undefined) return;
  if (!top.isDirectory()) return fs.unlinkSync(path);
  refuseMounts(path);
  withDirectory(path, (directory) => {
    const removal = { top: directory, path, device: fs.fstatSync(directory).dev, moved: 0 };
    // Until nothing is left: deep directories are moved to it.
    for (let entries = listEntries(directory); entries.length > 0; entries = listEntries(directory)) {
      for (const entry of entries) removeEntry(removal, { directory, depth: 0 }, entry);
    }
  });
  fs.rmdirSync(path);
}

interface Removal {
  /** Descriptor and path of the tree. */
  readonly top: number;
  readonly path: string;
  readonly device: number;
  /** How many directories were moved up to `top`. */
  moved: number;
}

interface Parent {
  readonly directory: number;
  readonly depth: number;
}

function removeEntry(removal: Removal, { directory, depth }: Parent, entry: fs.Dirent<Buffer>): void {
  const path = pathIn(directory, entry.name);
  if (!entry.isDirectory()) return fs.unlinkSync(path);
  if (depth === deepest) {
    removal.moved += 1;
    return fs.renameSync(path, pathIn(removal.top, Buffer.from(`.deep-${process.pid}-${removal.moved}`)));
  }
  withDirectory(path, (child) => {
    if (fs.fstatSync(child).dev !== removal.device) throw mountError(`${removal.path}/…/${entry.name.toString()}`);
    for (const next of listEntries(child)) removeEntry(removal, { directory: child, depth: depth + 1 }, next);
  });
  fs.rmdirSync(path);
}

/** Throws ELOOP or ENOTDIR for what is no directory any more. */
function withDirectory(path: string | Buffer, action: (directory: number) => void): void {
  const directory = enter(path);
  try {
    action(directory);
  } finally {
    fs.closeSync(directory);
  }
}

function enter(path: string | Buffer): number {
  try {
    return fs.openSync(path, openDirectory);
  } catch (error) {
    if (errno(error) !== "EACCES") throw error;
    // A directory of our own that was made unreadable.
    const itself = fs.openSync(path, O_PATH | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
    try {
      fs.chmodSync(`/proc/self/fd/${itself}`, 0o700);
    } finally {
      fs.closeSync(itself);
    }
    return fs.openSync(path, openDirectory);
  }
}

function listEntries(directory: number): fs.Dirent<Buffer>[] {
  return fs.readdirSync(`/proc/self/fd/${directory}`, { encoding: "buffer", withFileTypes: true });
}

function pathIn(directory: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
}

/** Bind mounts of the same file system have the same device number: only the mount table tells them. */
function refuseMounts(path: string): void {
  const real = fs.realpathSync(path);
  for (const line of fs.readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const point = line.split(" ")[4]?.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    if (point !== undefined && (point === real || point.startsWith(`${real}/`))) throw mountError(point);
  }
}

function mountError(path: string): RktError {
  return new RktError("tree-has-mount", `Cannot remove ${quoteText(path)}: something is mounted there`);
}
