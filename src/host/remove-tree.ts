import * as fs from "node:fs";
import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** Well below PATH_MAX, with room for a name. */
const longestPath = 3500;

/**
 * Removes a tree without following links. Refuses with `tree-has-mount` when something is mounted at or below it.
 * Directories that a program nested deeper than a path can name are moved up first.
 */
export function removeTree(path: string): void {
  const top = fs.lstatSync(path, { throwIfNoEntry: false });
  if (top === undefined) return;
  if (!top.isDirectory()) return fs.unlinkSync(path);
  refuseMounts(path);
  const removal = { top: Buffer.from(path), device: top.dev, moved: 0 };
  emptyDirectory(removal, removal.top);
  fs.rmdirSync(path);
}

interface Removal {
  readonly top: Buffer;
  readonly device: number;
  /** How many directories were moved up to `top`. */
  moved: number;
}

function emptyDirectory(removal: Removal, directory: Buffer): void {
  const isTop = directory === removal.top;
  for (let entries = listEntries(directory); entries.length > 0; entries = isTop ? listEntries(directory) : []) {
    for (const entry of entries) removeEntry(removal, directory, entry);
  }
}

function removeEntry(removal: Removal, directory: Buffer, entry: fs.Dirent<Buffer>): void {
  const path = joinBytes(directory, entry.name);
  if (!entry.isDirectory()) return fs.unlinkSync(path);
  if (fs.lstatSync(path).dev !== removal.device) throw mountError(path.toString());
  if (path.length > longestPath) {
    removal.moved += 1;
    return fs.renameSync(path, joinBytes(removal.top, Buffer.from(`.deep-${process.pid}-${removal.moved}`)));
  }
  emptyDirectory(removal, path);
  fs.rmdirSync(path);
}

function listEntries(directory: Buffer): fs.Dirent<Buffer>[] {
  try {
    return fs.readdirSync(directory, { encoding: "buffer", withFileTypes: true });
  } catch (error) {
    if (errno(error) !== "EACCES") throw error;
    // A directory of our own that was made unreadable.
    fs.chmodSync(directory, 0o700);
    return fs.readdirSync(directory, { encoding: "buffer", withFileTypes: true });
  }
}

function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
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
