import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { errno } from "../base/error.ts";
import type { WriteOptions } from "./host.ts";
import { loadCrypto } from "./builtin.ts";
import { writeAll } from "./node-raw.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_TRUNC, O_WRONLY } = fs.constants;

/** The temporary name begins with ".", ends with ".tmp", and is removed when anything but a crash stops the write. */
export function writeAtomic(path: string, data: string | Buffer, options: WriteOptions = {}): void {
  const temporary = join(dirname(path), `.${basename(path)}.${loadCrypto().randomBytes(6).toString("hex")}.tmp`);
  try {
    writeTo(temporary, O_EXCL, data, options, true);
    fs.renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
  syncPath(dirname(path));
}

export function writePlain(path: string, data: string | Buffer, options: WriteOptions = {}): void {
  writeTo(path, O_TRUNC, data, options, false);
}

/** Modes are exact, whatever the umask; with `recursive` only what is missing is made. */
export function makeDirectory(path: string, options: WriteOptions & { readonly recursive?: boolean } = {}): void {
  if (options.recursive === true) {
    if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    makeDirectory(dirname(path), options);
  }
  const mode = options.mode ?? 0o755;
  try {
    fs.mkdirSync(path, { mode });
  } catch (error) {
    if (options.recursive === true && errno(error) === "EEXIST" && fs.statSync(path).isDirectory()) return;
    throw error;
  }
  if (options.uid !== undefined || options.gid !== undefined) fs.lchownSync(path, options.uid ?? -1, options.gid ?? -1);
  fs.chmodSync(path, mode);
}

export function syncPath(path: string): void {
  const fd = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function writeTo(path: string, flag: number, data: string | Buffer, options: WriteOptions, sync: boolean): void {
  const mode = options.mode ?? 0o644;
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flag, mode & 0o777);
  try {
    writeAll(fd, typeof data === "string" ? Buffer.from(data) : data);
    if (options.uid !== undefined || options.gid !== undefined) fs.fchownSync(fd, options.uid ?? -1, options.gid ?? -1);
    fs.fchmodSync(fd, mode);
    if (sync) fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function removeQuietly(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // The error that brought us here says more.
  }
}
