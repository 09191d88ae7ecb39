import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

/** Everything of the test hosts lies below this directory, on a real file system. */
export const CACHE = process.env["RKT_TEST_CACHE"] ?? "/var/cache/rkt-test";

export function hash(parts: readonly (string | Buffer)[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part).update("\0");
  return sum.digest("hex").slice(0, 16);
}

/** The lock file beside a directory also tells when the directory was used last. */
export function isThere(directory: string): boolean {
  if (!existsSync(directory)) return false;
  utimesSync(`${directory}.lock`, new Date(), new Date());
  return true;
}

/** Each change of the sources makes another layer; those that no test has asked for in this long are not in use any more. */
const UNUSED_AFTER_MS = 3 * 3600_000;

export function dropUnused(parent: string): void {
  for (const lock of globSync("*.lock", { cwd: parent }).map((name) => join(parent, name))) {
    if (Date.now() - statSync(lock).mtimeMs < UNUSED_AFTER_MS) continue;
    rmSync(lock.slice(0, -".lock".length), { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

export interface Recipe {
  /** A script of sh that makes the directory under another name and renames it, or finds it there already. */
  readonly script: string;
  readonly argv: readonly string[];
  /** What is made, for who waits. */
  readonly what: string;
}

/** Parallel callers wait for each other on a lock. */
export async function makeOnce(directory: string, { script, argv, what }: Recipe): Promise<void> {
  mkdirSync(join(directory, ".."), { recursive: true });
  const started = Date.now();
  process.stderr.write(`test host: ${what} …\n`);
  await new Promise<void>((resolve, reject) => {
    const child = spawn("flock", [`${directory}.lock`, "sh", script, ...argv], { stdio: ["ignore", 2, "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`Cannot make ${directory}: ${script} ended with ${code}`))));
  });
  process.stderr.write(`test host: ${what} done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}
