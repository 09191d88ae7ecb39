import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, dropUnused, hash, isThere, makeOnce } from "./cached.ts";
import { type HostKind, NSPAWN_HOST, type Suite } from "./suites.ts";

export { CACHE } from "./cached.ts";

const SCRIPT = join(import.meta.dirname, "make-tree.sh");

/** Directory of a pristine tree of the suite; made at the first call, which takes half a minute. */
export async function provideTree(suite: Suite, extraPackages: readonly string[] = [], kind: HostKind = NSPAWN_HOST): Promise<string> {
  const packages = [...new Set([...kind.packages, ...(kind.suitePackages?.[suite] ?? []), ...extraPackages])].toSorted();
  const key = hash([readFileSync(SCRIPT), suite, packages.join(), kind.masked.join()]);
  const directory = join(CACHE, "trees", `${suite}-${key}`);
  if (isThere(directory)) return directory;
  const argv = ["tree", directory, suite, packages.join(","), kind.masked.join(" ")];
  await makeOnce(directory, { script: SCRIPT, argv, what: `host tree of ${suite}` });
  return directory;
}

/** Lower directories, uppermost first, of a host of the suite with the package file installed by dpkg. */
export async function provideInstalled(
  suite: Suite,
  deb: string,
  extraPackages: readonly string[] = [],
  kind: HostKind = NSPAWN_HOST,
): Promise<readonly string[]> {
  const tree = await provideTree(suite, extraPackages, kind);
  const key = hash([readFileSync(SCRIPT), tree, readFileSync(deb)]);
  const directory = join(CACHE, "installed", `${suite}-${key}`);
  if (!isThere(directory)) {
    dropUnused(join(CACHE, "installed"));
    await makeOnce(directory, { script: SCRIPT, argv: ["install", directory, tree, deb], what: `installing the package on ${suite}` });
  }
  return [directory, tree];
}
