import { existsSync } from "node:fs";
import { join } from "node:path";
import { getSystemErrorName } from "node:util";
import { RktError } from "../base/error.ts";

/** What src/host/native exports: results, or the negative errno. */
export interface NativeCalls {
  flock(fd: number, operation: number): number;
  mknod(path: Buffer, mode: number, major: number, minor: number): number;
  setTimes(path: Buffer, seconds: number, nanoseconds: number): number;
  setXattr(path: Buffer, name: Buffer, value: Buffer): number;
  getXattr(path: Buffer, name: Buffer): Buffer | number;
  listXattrs(path: Buffer): Buffer | number;
  setBlocking(fd: number): number;
  syncfs(fd: number): number;
  connectInside(process: number, path: Buffer): number;
  systemCallName(architecture: number, number: number): string | undefined;
  sendDescriptors(socket: number, data: Buffer, descriptors: Buffer): number;
  /** undefined where there is no such algorithm. */
  openHash(algorithm: string): NativeHash | undefined;
  copyHash(hash: NativeHash): NativeHash;
  updateHash(hash: NativeHash, chunk: Uint8Array): Promise<void>;
  finishHash(hash: NativeHash): Buffer;
}

/** Not to be looked into. */
export type NativeHash = object;

/** Loads the addon at its first use: commands that only read need none. Throws `native-missing`. */
export function createNativeLoader(): () => NativeCalls {
  let calls: NativeCalls | undefined;
  return () => (calls ??= loadAddon());
}

/** A result as Node's own calls give it: negative means an error with `code`, `syscall` and `path`. */
export function checkResult(result: number, syscall: string, path?: string | Buffer): number {
  if (result >= 0) return result;
  const code = getSystemErrorName(result);
  const shown = path === undefined ? "" : ` '${path.toString()}'`;
  throw Object.assign(new Error(`${code}: ${syscall}${shown}`), { code, errno: result, syscall, path: path?.toString() });
}

function loadAddon(): NativeCalls {
  const file = addonPaths().find((path) => existsSync(path));
  if (file === undefined) {
    throw new RktError("native-missing", `Cannot find rkt's native part at ${JSON.stringify(addonPaths()[0])}`, {
      hint: `Reinstall the package; in a checkout run "sh packaging/native/build.sh"`,
    });
  }
  const loaded: { exports: unknown } = { exports: {} };
  process.dlopen(loaded as NodeJS.Module, file);
  return loaded.exports as NativeCalls;
}

/** Beside the installed bundle (/usr/lib/rkt/cli/…), else where a checkout builds it. */
function addonPaths(): string[] {
  const here = typeof __dirname === "string" ? __dirname : import.meta.dirname;
  return [join(here, "../native/rktsys.node"), join(here, "../../.build/native/rktsys.node")];
}
