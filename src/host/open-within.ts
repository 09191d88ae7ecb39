import * as fs from "node:fs";
import type { FileStat, OpenFile, PinnedFile } from "./host.ts";
import { toFileStat } from "./file-stat.ts";

/** open(2): a place in the tree, no access to its content. Node has no name for it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;

export function openWithin(root: string, path: string): PinnedFile {
  let fd = fs.openSync(root, O_PATH | O_DIRECTORY);
  for (const name of path.split("/")) fd = step(fd, name);
  const stat = toFileStat(fs.fstatSync(fd));
  const pinned = `/proc/self/fd/${fd}`;
  return {
    path: pinned,
    type: stat.type,
    stat,
    readText: (limit) => readPinned(pinned, stat, limit),
    readHead: (limit) => readHead(pinned, stat, limit),
    open: () => openPinned(pinned),
    close: () => fs.closeSync(fd),
  };
}

function readPinned(path: string, stat: FileStat, limit: number): string {
  // One byte more than it may hold: it grows while it is read.
  const bytes = readHead(path, stat, Math.min(stat.size, limit) + 1);
  if (bytes.length > limit) throw Object.assign(new Error(`EINVAL: it holds more than ${limit} bytes`), { code: "EINVAL" });
  return bytes.toString("utf8");
}

function readHead(path: string, stat: FileStat, limit: number): Buffer {
  if (stat.type !== "file") throw Object.assign(new Error("EINVAL: it is no regular file"), { code: "EINVAL" });
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(limit);
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, limit, 0));
  } finally {
    fs.closeSync(fd);
  }
}

function openPinned(path: string): OpenFile {
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
  return { fd, close: () => fs.closeSync(fd) };
}

/** From a directory to one of its entries; the directory is closed in any case. */
function step(directory: number, name: string): number {
  try {
    if (name === "" || name === "." || name === "..")
      throw Object.assign(new Error(`EINVAL: invalid path part '${name}'`), { code: "EINVAL" });
    const fd = fs.openSync(`/proc/self/fd/${directory}/${name}`, O_PATH | O_NOFOLLOW);
    return refuseLink(fd);
  } finally {
    fs.closeSync(directory);
  }
}

function refuseLink(fd: number): number {
  if (!fs.fstatSync(fd).isSymbolicLink()) return fd;
  fs.closeSync(fd);
  throw Object.assign(new Error("ELOOP: a link stands in the way"), { code: "ELOOP" });
}
