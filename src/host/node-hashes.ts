import type { Hashes, RunningHash } from "./host.ts";
import type { NativeCalls } from "./native.ts";

export function createHashes(native: () => NativeCalls): Hashes {
  return { open: (algorithm) => openHash(native(), algorithm) };
}

function openHash(native: NativeCalls, algorithm: string): RunningHash {
  const hash = native.openHash(algorithm);
  if (hash === undefined) throw new Error(`There is no digest "${algorithm}"`);
  let last = Promise.resolve();
  return {
    update: (chunk) => (last = last.then(() => native.updateHash(hash, chunk))),
    digest: () => last.then(() => native.finishHash(hash)),
  };
}
