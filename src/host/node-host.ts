import type { Host } from "./host.ts";
import { loadCrypto } from "./builtin.ts";
import { createNativeLoader } from "./native.ts";
import { createFiles } from "./node-files.ts";
import { createHashes } from "./node-hashes.ts";
import { createLocks } from "./node-locks.ts";
import { createPrograms } from "./node-programs.ts";
import { createRawFiles } from "./node-raw.ts";
import { createSockets } from "./node-sockets.ts";

/** The real host. One per process, made by the doors in src/bin. */
export function createHost(env: Readonly<Record<string, string | undefined>> = process.env): Host {
  const native = createNativeLoader();
  return {
    files: createFiles(native),
    raw: createRawFiles(native),
    programs: createPrograms(env),
    locks: createLocks(native),
    hashes: createHashes(native),
    sockets: createSockets(native),
    clock: { now: () => Date.now() },
    env,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    systemCallName: (architecture, number) => native().systemCallName(architecture, number),
    random: (length) => loadCrypto().randomBytes(length),
  };
}
