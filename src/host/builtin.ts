import type * as childProcess from "node:child_process";
import type * as crypto from "node:crypto";

/** Modules of Node that take milliseconds to load, and that many commands never need: loaded by the first call. */
export function loadCrypto(): typeof crypto {
  return process.getBuiltinModule("node:crypto");
}

export function loadChildProcess(): typeof childProcess {
  return process.getBuiltinModule("node:child_process");
}
