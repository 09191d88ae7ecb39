import { basename, dirname, join } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcIdentifier } from "../base/id.ts";
import { type KeyFile, type KeyScope, type KeystoreDirectories, directoryOf, isMasked, listKeyFiles } from "./key-files.ts";
import type { PublicKey } from "./key-facts.ts";
import { type KeyReader, loadKey } from "./load-key.ts";
import { assertOwned } from "./ownership.ts";

/** What `remove` did with one key file: a key of the distribution is not deleted but masked by an empty local file. */
export interface RemovedKey {
  readonly prefix?: AcIdentifier;
  readonly path: string;
  readonly how: "removed" | "masked";
}

interface Store extends KeyReader {
  readonly directories: KeystoreDirectories;
}

/** See `Keystore.add`. */
export async function addKey(store: Store, key: PublicKey, scope: KeyScope): Promise<string> {
  const { files } = store.host;
  const directory = directoryOf(store.directories.local, scope);
  makeDirectories(store, directory);
  const path = join(directory, key.fingerprint);
  assertOwned(store.host, path, store.owner);
  const known = await readKnown(store, path);
  const { armorKey, mergeKeys } = await import("./keys.ts");
  const merged = known === undefined ? key : await mergeKeys(known, key);
  files.writeAtomic(path, armorKey(merged), { mode: 0o644 });
  return path;
}

/** See `Keystore.find`. */
export async function findKey(store: Store, key: PublicKey, scope: KeyScope): Promise<string | undefined> {
  const path = join(directoryOf(store.directories.local, scope), key.fingerprint);
  const known = await readKnown(store, path);
  if (known === undefined) return undefined;
  const { armorKey, mergeKeys } = await import("./keys.ts");
  const before = armorKey(known);
  return armorKey(await mergeKeys(known, key)) === before ? path : undefined;
}

/** An empty file masks one of the distribution. */
async function readKnown(store: Store, path: string): Promise<PublicKey | undefined> {
  const { files } = store.host;
  return files.exists(path) && files.stat(path).size > 0 ? (await loadKey(store, { path, empty: false })).key : undefined;
}

/** One level after the other, each with mode 0755 whatever the umask is. */
function makeDirectories(store: Store, directory: string): void {
  const { files } = store.host;
  if (!files.exists(directory)) {
    makeDirectories(store, dirname(directory));
    files.mkdir(directory, { mode: 0o755 });
  }
  if (directory.startsWith(store.directories.local)) assertOwned(store.host, directory, store.owner);
}

/** See `Keystore.remove`. */
export function removeKey(store: Store, fingerprint: string, scope: KeyScope | undefined): RemovedKey[] {
  const { system, local } = store.directories;
  const wanted = (file: KeyFile): boolean =>
    basename(file.path) === fingerprint && (scope === undefined || file.prefix === (scope === "root" ? undefined : scope.prefix));
  const locals = listKeyFiles(store.host, local).filter(wanted);
  const systems = listKeyFiles(store.host, system).filter((file) => wanted(file) && !file.empty && !isMasked(file, locals));
  const masks = systems.map((file) => maskKey(store, file, fingerprint));
  const masking = new Set(masks.map((mask) => mask.path));
  const removed = locals.filter((file) => !file.empty && !masking.has(file.path)).map((file) => dropKey(store, file));
  if (masks.length + removed.length === 0) throw notTrusted(fingerprint, scope);
  return [...masks, ...removed];
}

function maskKey(store: Store, file: KeyFile, fingerprint: string): RemovedKey {
  const directory = directoryOf(store.directories.local, file.prefix === undefined ? "root" : { prefix: file.prefix });
  makeDirectories(store, directory);
  const path = join(directory, fingerprint);
  store.host.files.writeAtomic(path, "", { mode: 0o644 });
  return { ...(file.prefix === undefined ? {} : { prefix: file.prefix }), path, how: "masked" };
}

function dropKey(store: Store, file: KeyFile): RemovedKey {
  store.host.files.unlink(file.path);
  // A power loss does not bring it back.
  store.host.files.sync(dirname(file.path));
  return { ...(file.prefix === undefined ? {} : { prefix: file.prefix }), path: file.path, how: "removed" };
}

function notTrusted(fingerprint: string, scope: KeyScope | undefined): RktError {
  const where = scope === undefined ? "" : scope === "root" ? " for all images" : ` for prefix ${quoteText(scope.prefix)}`;
  return new RktError("key-not-trusted", `Cannot remove key ${quoteText(fingerprint)}: it is not trusted${where}`, {
    hint: `"rkt trust list" shows the trusted keys`,
  });
}
