import * as fs from "node:fs";
import { errno } from "../base/error.ts";
import { checkResult, type NativeCalls } from "./native.ts";
import type { DeviceNode, RawFiles, RawPath, RawType } from "./raw.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO, COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants;
const nodeTypes = { fifo: S_IFIFO, character: S_IFCHR, block: S_IFBLK } as const;

export function createRawFiles(native: () => NativeCalls): RawFiles {
  return {
    create: (path, mode) => fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode),
    write: writeAll,
    syncDescriptor: (fd) => fs.fsyncSync(fd),
    close: (fd) => fs.closeSync(fd),
    setOwnerAndMode: (fd, owner, mode) => {
      if (owner !== undefined) fs.fchownSync(fd, owner.uid, owner.gid);
      fs.fchmodSync(fd, mode);
    },
    mkdir: (path, mode) => void fs.mkdirSync(path, { mode }),
    rmdir: (path) => fs.rmdirSync(path),
    unlink: (path) => fs.unlinkSync(path),
    symlink: (target, path) => fs.symlinkSync(target, path),
    link: (existing, path) => fs.linkSync(existing, path),
    makeNode: (path, node, mode) => makeNode(native(), path, node, mode),
    chown: (path, owner) => fs.lchownSync(path, owner.uid, owner.gid),
    chmod: (path, mode) => fs.chmodSync(path, mode),
    setTimes: (path, seconds, nanoseconds) => void checkResult(native().setTimes(bytesOf(path), seconds, nanoseconds), "utimensat", path),
    setXattr: (path, name, value) => void checkResult(native().setXattr(bytesOf(path), Buffer.from(name), value), "lsetxattr", path),
    getXattr: (path, name) => getXattr(native(), path, name),
    listXattrs: (path) => listXattrs(native(), path),
    typeOf: (path) => typeOf(path),
    list: (path) => fs.readdirSync(path, { encoding: "buffer" }),
    copy: (from, to, mode) => {
      fs.copyFileSync(from, to, COPYFILE_EXCL | COPYFILE_FICLONE);
      fs.chmodSync(to, mode);
    },
  };
}

/** The kind of file that a stat describes. */
export function typeOfStat(stat: fs.Stats): RawType {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isSocket()) return "socket";
  return stat.isBlockDevice() ? "block" : "character";
}

/** write(2) until all bytes are written. */
export function writeAll(fd: number, data: Uint8Array): void {
  let offset = 0;
  while (offset < data.length) offset += fs.writeSync(fd, data, offset, data.length - offset);
}

function bytesOf(path: RawPath): Buffer {
  return typeof path === "string" ? Buffer.from(path) : path;
}

function makeNode(native: NativeCalls, path: RawPath, node: DeviceNode, mode: number): void {
  const [major, minor] = node.type === "fifo" ? [0, 0] : [node.major, node.minor];
  checkResult(native.mknod(bytesOf(path), nodeTypes[node.type] | mode, major, minor), "mknod", path);
}

function getXattr(native: NativeCalls, path: RawPath, name: string): Buffer | undefined {
  const value = native.getXattr(bytesOf(path), Buffer.from(name));
  if (typeof value !== "number") return value;
  try {
    checkResult(value, "lgetxattr", path);
  } catch (error) {
    if (errno(error) !== "ENODATA") throw error;
  }
  return undefined;
}

function listXattrs(native: NativeCalls, path: RawPath): string[] {
  const names = native.listXattrs(bytesOf(path));
  if (typeof names === "number") {
    checkResult(names, "llistxattr", path);
    return [];
  }
  return names
    .toString()
    .split("\0")
    .filter((name) => name !== "");
}

function typeOf(path: RawPath): RawType | undefined {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : typeOfStat(stat);
}
