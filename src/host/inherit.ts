import { writeSync } from "node:fs";
import { constants } from "node:os";
import { errno } from "../base/error.ts";
import { loadChildProcess } from "./builtin.ts";

/**
 * Runs a program to its end with this process's own standard input, output, error and environment: for doors, which hand
 * over what the user gave them. Returns its exit status, 128 and the signal's number where a signal ended it.
 */
export function runInherited(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): number {
  const [file = "", ...args] = argv;
  const result = loadChildProcess().spawnSync(file, args, { stdio: "inherit", env });
  if (result.error !== undefined) throw result.error;
  if (result.signal !== null) return 128 + constants.signals[result.signal];
  return result.status ?? 254;
}

/** Writes all of a text to a descriptor that this process inherited, and waits where its reader is slow. */
export function writeInherited(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSome(descriptor, bytes, written);
}

const FULL_MS = 2;

/** Somebody else may have made the pipe non-blocking; nothing tells a synchronous writer when there is room again. */
function writeSome(descriptor: number, bytes: Buffer, from: number): number {
  try {
    return writeSync(descriptor, bytes, from);
  } catch (error) {
    if (errno(error) !== "EAGAIN") throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_MS);
    return 0;
  }
}
