import type { Files, Host, Lock, LockOptions } from "../../src/host/host.ts";
import type { RawFiles } from "../../src/host/raw.ts";

/** A host whose process "dies" at the n-th change of the disk: that change and all later calls throw, and its locks are free. */
export interface DyingHost {
  readonly host: Host;
  /** Changes so far. */
  readonly changes: () => number;
  readonly isDead: () => boolean;
}

export class Died extends Error {}

const changing = [
  "writeAtomic",
  "write",
  "mkdir",
  "symlink",
  "link",
  "rename",
  "unlink",
  "removeTree",
  "chmod",
  "chown",
  "setTimes",
  "sync",
  "syncFileSystem",
] as const satisfies readonly (keyof Files)[];
const rawChanging = [
  "create",
  "write",
  "syncDescriptor",
  "setOwnerAndMode",
  "mkdir",
  "rmdir",
  "unlink",
  "symlink",
  "link",
  "makeNode",
  "chown",
  "chmod",
  "setTimes",
  "setXattr",
  "copy",
] as const satisfies readonly (keyof RawFiles)[];

/** `at`: the first change has number 1. Without it nothing happens, and changes are counted. */
export function makeDyingHost(real: Host, at = Number.POSITIVE_INFINITY): DyingHost {
  const state = { changes: 0, dead: false, locks: new Set<Lock>() };
  const live = (): void => {
    if (state.dead) throw new Died("dead");
  };
  const change = (name: string, args: readonly unknown[]): void => {
    live();
    state.changes += 1;
    if (state.changes < at) return;
    state.dead = true;
    // What a kill in the middle of it leaves.
    if (name === "writeAtomic") real.files.write(String(args[0]).replace(/([^/]+)$/, ".$1.dead.tmp"), "half");
    // The kernel gives the locks of a dead process back.
    for (const lock of state.locks) lock.release();
    throw new Died(`died at change ${state.changes}, ${name}`);
  };
  const host: Host = {
    ...real,
    files: wrap(real.files, changing, change, live),
    raw: wrap(real.raw, rawChanging, change, live),
    locks: { ...real.locks, tryLock: (path, options) => keepLock(real, state.locks, live, path, options) },
  };
  return { host, changes: () => state.changes, isDead: () => state.dead };
}

function wrap<T extends object>(
  target: T,
  names: readonly (keyof T & string)[],
  change: (name: string, args: readonly unknown[]) => void,
  live: () => void,
): T {
  const entries = Object.entries(target).map(([name, method]: [string, (...args: unknown[]) => unknown]) => {
    const isChange = (names as readonly string[]).includes(name);
    // Descriptors are closed by the kernel too.
    const before = isChange ? change : name === "close" ? () => undefined : live;
    return [name, (...args: unknown[]) => (before(name, args), method(...args))];
  });
  return Object.fromEntries(entries) as T;
}

function keepLock(real: Host, locks: Set<Lock>, live: () => void, path: string, options?: LockOptions): Lock | undefined {
  live();
  const lock = real.locks.tryLock(path, options);
  if (lock !== undefined) locks.add(lock);
  return lock;
}
