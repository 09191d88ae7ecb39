import * as fs from "node:fs";
import { errno } from "../base/error.ts";
import type { Lock, LockOptions, Locks } from "./host.ts";
import { checkResult, type NativeCalls } from "./native.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const EAGAIN = -11;
const { O_CREAT, O_DIRECTORY, O_RDONLY } = fs.constants;
const table = "/proc/locks";
/** Milliseconds between two tries when a wait has an end. */
const retryInterval = 20;

export function createLocks(native: () => NativeCalls): Locks {
  return {
    tryLock: (path, options = {}) => tryLock(native(), path, options),
    heldInodes: () => parseHeldInodes(fs.readFileSync(table, "utf8")),
    awaitHeldInodes: async () => parseHeldInodes(await readTable()),
  };
}

/**
 * It is the first read that takes its time: that one is done by another thread. A table of more than a page comes in pieces, between
 * which locks come and go: then it is read anew, all at once.
 */
async function readTable(): Promise<string> {
  const fd = fs.openSync(table, O_RDONLY);
  try {
    const piece = Buffer.alloc(64 * 1024);
    const length = await new Promise<number>((resolve, reject) => {
      fs.read(fd, piece, 0, piece.length, null, (error, read) => (error === null ? resolve(read) : reject(error)));
    });
    const isWhole = fs.readSync(fd, Buffer.alloc(1)) === 0;
    return isWhole ? piece.toString("utf8", 0, length) : fs.readFileSync(table, "utf8");
  } finally {
    fs.closeSync(fd);
  }
}

/** `DEV:INODE` of each flock in the text of /proc/locks; lines of those who wait ("->") do not count. */
export function parseHeldInodes(text: string): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const match of text.matchAll(/^\d+: FLOCK +\S+ +\S+ +-?\d+ ([0-9a-f]+):([0-9a-f]+):(\d+) /gm)) {
    const [major, minor] = [Number.parseInt(match[1] ?? "", 16), Number.parseInt(match[2] ?? "", 16)];
    inodes.add(`${deviceNumber(major, minor)}:${match[3] ?? ""}`);
  }
  return inodes;
}

/** makedev(3): what stat(2) calls the device. */
function deviceNumber(major: number, minor: number): number {
  const high = (major & 0xfff) * 0x100 + Math.floor(minor / 0x100) * 0x100000;
  return Math.floor(major / 0x1000) * 2 ** 44 + high + (minor & 0xff);
}

function tryLock(native: NativeCalls, path: string, options: LockOptions): Lock | undefined {
  const deadline = options.wait === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.wait;
  for (;;) {
    const fd = openForLock(path);
    if (!lockDescriptor(native, fd, options, deadline)) {
      fs.closeSync(fd);
      return undefined;
    }
    // Who held it may have removed the file: a lock on a file without name excludes nobody.
    if (isStillNamed(fd, path)) return { release: releaseOnce(fd) };
    fs.closeSync(fd);
  }
}

function openForLock(path: string): number {
  try {
    return fs.openSync(path, O_RDONLY | O_CREAT, 0o600);
  } catch (error) {
    if (errno(error) !== "EISDIR") throw error;
    return fs.openSync(path, O_RDONLY | O_DIRECTORY);
  }
}

function lockDescriptor(native: NativeCalls, fd: number, options: LockOptions, deadline: number): boolean {
  const operation = options.shared === true ? LOCK_SH : LOCK_EX;
  if (deadline === Number.POSITIVE_INFINITY) return checkResult(native.flock(fd, operation), "flock") === 0;
  for (;;) {
    const result = native.flock(fd, operation | LOCK_NB);
    if (result !== EAGAIN) return checkResult(result, "flock") === 0;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(left, retryInterval));
  }
}

function isStillNamed(fd: number, path: string): boolean {
  const named = fs.statSync(path, { throwIfNoEntry: false });
  const opened = fs.fstatSync(fd);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

function releaseOnce(fd: number): () => void {
  let held = true;
  return () => {
    if (held) fs.closeSync(fd);
    held = false;
  };
}
