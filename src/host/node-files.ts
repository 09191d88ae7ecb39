import * as fs from "node:fs";
import { join } from "node:path";
import { errno } from "../base/error.ts";
import type { Files } from "./host.ts";
import { checkResult, type NativeCalls } from "./native.ts";
import { toFileStat } from "./file-stat.ts";
import { makeDirectory, syncPath, writeAtomic, writePlain } from "./node-write.ts";
import { openWithin } from "./open-within.ts";
import { readBlocks } from "./read-blocks.ts";
import { removeTree } from "./remove-tree.ts";

export function createFiles(native: () => NativeCalls): Files {
  return {
    readText: (path) => fs.readFileSync(path, "utf8"),
    read: (path) => fs.readFileSync(path),
    tryReadText: (path) => tolerate(() => fs.readFileSync(path, "utf8"), undefined),
    stat: (path) => toFileStat(fs.statSync(path)),
    tryLstat: (path) => tolerate(() => toFileStat(fs.lstatSync(path)), undefined),
    tryStat: (path) => {
      const stat = tryStat(path);
      return stat === undefined ? undefined : toFileStat(stat);
    },
    exists: (path) => tryStat(path) !== undefined,
    blocks: readBlocks,
    list: (path) => fs.readdirSync(path).toSorted(),
    tryList: (path) => tolerate(() => fs.readdirSync(path).toSorted(), []),
    readLink: (path) => fs.readlinkSync(path),
    realPath: (path) => fs.realpathSync(path),
    writeAtomic,
    write: writePlain,
    mkdir: makeDirectory,
    symlink: (target, path) => fs.symlinkSync(target, path),
    link: (existing, path) => fs.linkSync(existing, path),
    rename: (from, to) => fs.renameSync(from, to),
    unlink: (path) => fs.unlinkSync(path),
    removeTree,
    chmod: (path, mode) => fs.chmodSync(path, mode),
    chown: (path, uid, gid) => fs.chownSync(path, uid, gid),
    setTimes: (path, atimeMs, mtimeMs) => fs.utimesSync(path, atimeMs / 1000, mtimeMs / 1000),
    openWithin,
    sync: syncPath,
    syncMeanwhile,
    syncFileSystem: (path) => syncFileSystem(native(), path),
  };
}

/** Without an error that is thrown and caught, which costs as much as reading ten files. */
function tryStat(path: string): fs.Stats | undefined {
  return tolerate(() => fs.statSync(path, { throwIfNoEntry: false }), undefined);
}

/** Missing files, also below something that is no directory, are no error. */
function tolerate<T, U>(read: () => T, missing: U): T | U {
  try {
    return read();
  } catch (error) {
    if (errno(error) === "ENOENT" || errno(error) === "ENOTDIR") return missing;
    throw error;
  }
}

function syncMeanwhile(path: string): Promise<void> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY);
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => {
      fs.closeSync(fd);
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function syncFileSystem(native: NativeCalls, path: string): void {
  const fd = fs.openSync(join(path), fs.constants.O_RDONLY);
  try {
    checkResult(native.syncfs(fd), "syncfs", path);
  } finally {
    fs.closeSync(fd);
  }
}
