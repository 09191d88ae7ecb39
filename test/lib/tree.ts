import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { HOST_PACKAGES, MASKED_UNITS, type Suite } from "./suites.ts";

/** Everything of the test hosts lies below this directory, on a real file system. */
export const CACHE = process.env["RKT_TEST_CACHE"] ?? "/var/cache/rkt-test";

const SCRIPT = join(import.meta.dirname, "make-tree.sh");

/** Directory of a pristine tree of the suite; made at the first call, which takes half a minute. */
export async function provideTree(suite: Suite, extraPackages: readonly string[] = []): Promise<string> {
  const packages = [...new Set([...HOST_PACKAGES, ...extraPackages])].toSorted();
  const key = hash([readFileSync(SCRIPT), suite, packages.join(), MASKED_UNITS.join()]);
  const directory = join(CACHE, "trees", `${suite}-${key}`);
  if (isThere(directory)) return directory;
  const masked = MASKED_UNITS.join(" ");
  await makeOnce(directory, ["tree", directory, suite, packages.join(","), masked], `host tree of ${suite}`);
  return directory;
}

/** Lower directories, uppermost first, of a host of the suite with the package file installed by dpkg. */
export async function provideInstalled(suite: Suite, deb: string, extraPackages: readonly string[] = []): Promise<readonly string[]> {
  const tree = await provideTree(suite, extraPackages);
  const key = hash([readFileSync(SCRIPT), tree, readFileSync(deb)]);
  const directory = join(CACHE, "installed", `${suite}-${key}`);
  if (!isThere(directory)) {
    dropUnused(join(CACHE, "installed"));
    await makeOnce(directory, ["install", directory, tree, deb], `installing the package on ${suite}`);
  }
  return [directory, tree];
}

function hash(parts: readonly (string | Buffer)[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part).update("\0");
  return sum.digest("hex").slice(0, 16);
}

/** The lock file beside a directory also tells when the directory was used last. */
function isThere(directory: string): boolean {
  if (!existsSync(directory)) return false;
  utimesSync(`${directory}.lock`, new Date(), new Date());
  return true;
}

/** Each change of the sources makes another layer; those that no test has asked for in this long are not in use any more. */
const UNUSED_AFTER_MS = 3 * 3600_000;

function dropUnused(parent: string): void {
  for (const lock of globSync("*.lock", { cwd: parent }).map((name) => join(parent, name))) {
    if (Date.now() - statSync(lock).mtimeMs < UNUSED_AFTER_MS) continue;
    rmSync(lock.slice(0, -".lock".length), { recursive: true, force: true });
    rmSync(lock, { force: true });
  }
}

/** The script makes the directory under another name and renames it; parallel callers wait for each other on a lock. */
async function makeOnce(directory: string, argv: readonly string[], what: string): Promise<void> {
  mkdirSync(join(directory, ".."), { recursive: true });
  const started = Date.now();
  process.stderr.write(`test host: ${what} …\n`);
  await new Promise<void>((resolve, reject) => {
    const child = spawn("flock", [`${directory}.lock`, "sh", SCRIPT, ...argv], { stdio: ["ignore", 2, "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`Cannot make ${directory}: make-tree.sh ended with ${code}`))));
  });
  process.stderr.write(`test host: ${what} done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}
