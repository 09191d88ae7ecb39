import type { Hashes, RunningHash } from "./host.ts";
import type { NativeCalls, NativeHash } from "./native.ts";

export function createHashes(native: () => NativeCalls): Hashes {
  return { open: (algorithm) => openHash(native(), algorithm) };
}

function openHash(native: NativeCalls, algorithm: string): RunningHash {
  const hash = native.openHash(algorithm);
  if (hash === undefined) throw new Error(`There is no digest "${algorithm}"`);
  return runHash(native, hash);
}

function runHash(native: NativeCalls, hash: NativeHash): RunningHash {
  let last = Promise.resolve();
  return {
    update: (chunk) => (last = last.then(() => native.updateHash(hash, chunk))),
    copy: () => last.then(() => runHash(native, native.copyHash(hash))),
    digest: () => last.then(() => native.finishHash(hash)),
  };
}
