import { join } from "node:path";
import { RktError } from "../base/error.ts";
import type { Host, Lock } from "../host/host.ts";
import type { Layout } from "./layout.ts";

/**
 * A directory of one's own below cas/tmp, on the same file system as what will be renamed out of it. A lock on it tells others
 * that its maker lives; the lock dies with the process, and the next one that stages removes what is left.
 */
export interface Staging {
  readonly path: string;
  /** Removes the directory. */
  release(): void;
}

export function openStaging(host: Host, layout: Layout): Staging {
  return stageBy(host, layout, (path) => host.files.mkdir(path, { mode: 0o700 }));
}

/** A directory of the store becomes a staging directory, whole, at once, and without room for anything new. Throws ENOENT. */
export function stageAway(host: Host, layout: Layout, directory: string): Staging {
  return stageBy(host, layout, (path) => host.files.rename(directory, path));
}

function stageBy(host: Host, layout: Layout, make: (path: string) => void): Staging {
  const gate = host.locks.tryLock(layout.temporary);
  const dead: Left[] = [];
  try {
    dead.push(...lockDead(host, layout));
    const path = join(layout.temporary, host.random(12).toString("hex"));
    make(path);
    const lock = host.locks.tryLock(path, { wait: 0 });
    if (lock === undefined) throw new RktError("store-staging", "Cannot stage in the store: another process took the new directory");
    return { path, release: () => remove(host, path, lock) };
  } finally {
    // Only now may others look which directories have no living maker.
    gate?.release();
    // Also where there was no room for one more directory: next time there may be.
    for (const left of dead) remove(host, left.path, left.lock);
  }
}

interface Left {
  readonly path: string;
  readonly lock: Lock;
}

/** Leftovers of processes that died, each locked by us from here on. */
function lockDead(host: Host, layout: Layout): Left[] {
  return host.files.list(layout.temporary).flatMap((name) => {
    const path = join(layout.temporary, name);
    if (host.files.tryLstat(path)?.type !== "directory") return [];
    const lock = host.locks.tryLock(path, { wait: 0 });
    return lock === undefined ? [] : [{ path, lock }];
  });
}

function remove(host: Host, path: string, lock: Lock): void {
  try {
    host.files.removeTree(path);
  } finally {
    lock.release();
  }
}
