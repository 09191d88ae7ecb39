import { basename } from "node:path";
import { RktError } from "../base/error.ts";
import type { AcIdentifier } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { type RemovedKey, addKey, findKey, removeKey } from "./change-keys.ts";
import { type KeyFile, type KeyScope, type KeystoreDirectories, isMasked, keyFilesFor, listKeyFiles } from "./key-files.ts";
import type { DescribedKey, PublicKey } from "./key-facts.ts";
import { type KeyReader, type TrustedKey, loadFacts, loadKey } from "./load-key.ts";
import { type KeyMemory, type RememberedKeys, rememberKeys } from "./remembered-keys.ts";

/** A key file as `rkt trust list` shows it. */
export interface ListedKey extends KeyFile {
  /** An empty local file takes this key away. */
  readonly masked: boolean;
  /** Missing where the file is masked or refused. */
  readonly key?: PublicKey;
  /** Why the file is refused; while it lies there, no image it concerns is accepted. */
  readonly problem?: string;
}

export interface Keystore {
  /**
   * The keys that may sign for that name: the root keys and those of each prefix that is the name or leads to it
   * by whole path components. Throws when one of their files is not root's or is not the key its name says: a doubtful
   * directory trusts nobody. What other scopes' files of the same key say (revoked) is merged in.
   */
  keysFor(name: AcIdentifier): Promise<TrustedKey[]>;
  /** What is known of the same keys: enough to judge by what was verified before. Most often without OpenPGP. */
  factsFor(name: AcIdentifier): Promise<TrustedKey<DescribedKey>[]>;
  /** Every key that is trusted for anything, each once: with what all of its files say. Files that are refused are left out. */
  all(): Promise<PublicKey[]>;
  /** Every key file, system first, root keys first; never throws for what is in a file. */
  list(): Promise<ListedKey[]>;
  /** Trusts the key from now on; adds to what is known of it, so that a revocation is never lost. Returns the file's path. */
  add(key: PublicKey, scope: KeyScope): Promise<string>;
  /** The local file of that scope that has all of the key already: `add` would change nothing. */
  find(key: PublicKey, scope: KeyScope): Promise<string | undefined>;
  /** Takes the key away from that scope, or from all; throws `key-not-trusted` when it is in none. */
  remove(fingerprint: string, scope?: KeyScope): RemovedKey[];
}

export interface KeystoreOptions {
  /** The user, besides root, who may own keys: for tests that do not run as root. */
  readonly owner?: number;
  readonly memory?: KeyMemory;
}

export function openKeystore(host: Host, directories: KeystoreDirectories, options: KeystoreOptions = {}): Keystore {
  const owner = options.owner ?? 0;
  const memory = options.memory === undefined ? undefined : rememberKeys(host, options.memory, owner);
  const store: Store = { host, directories, owner };
  return {
    keysFor: (name) => readKeysFor(store, name),
    factsFor: (name) => readFactsFor(store, name, memory),
    all: () => readAll(store),
    list: () => listKeys(store),
    add: (key, scope) => addKey(store, key, scope),
    find: (key, scope) => findKey(store, key, scope),
    remove: (fingerprint, scope) => removeKey(store, fingerprint, scope),
  };
}

interface Store extends KeyReader {
  readonly directories: KeystoreDirectories;
}

function trustedFiles({ host, directories }: Store, name: AcIdentifier): KeyFile[] {
  const locals = keyFilesFor(host, directories.local, name);
  const systems = keyFilesFor(host, directories.system, name).filter((file) => !isMasked(file, locals));
  return [...systems, ...locals].filter((file) => !file.empty);
}

async function readFactsFor(store: Store, name: AcIdentifier, memory: RememberedKeys | undefined): Promise<TrustedKey<DescribedKey>[]> {
  const files = trustedFiles(store, name);
  const names = new Set(files.map(({ path }) => basename(path)));
  // What several files say of one key is put together from the keys themselves.
  if (names.size < files.length || findCopies(store, files).length > 0) return readKeysFor(store, name);
  return Promise.all(files.map((file) => loadFacts(store, file, memory)));
}

async function readKeysFor(store: Store, name: AcIdentifier): Promise<TrustedKey[]> {
  const files = trustedFiles(store, name);
  const trusted = await Promise.all(files.map((file) => loadKey(store, file)));
  const all = await Promise.all(findCopies(store, files).map((file) => loadKey(store, file)));
  return Promise.all(trusted.map((entry) => mergeCopies(entry, [...trusted, ...all])));
}

/** Files of the same keys in other scopes: a revocation that came with one of them holds for all. */
function findCopies(store: Store, files: readonly KeyFile[]): KeyFile[] {
  const { system, local } = store.directories;
  const known = new Set(files.map((file) => file.path));
  const names = new Set(files.map((file) => basename(file.path)));
  const all = [...listKeyFiles(store.host, system), ...listKeyFiles(store.host, local)];
  return all.filter((file) => !file.empty && !known.has(file.path) && names.has(basename(file.path)));
}

async function mergeCopies(entry: TrustedKey, all: readonly TrustedKey[]): Promise<TrustedKey> {
  let key = entry.key;
  for (const copy of all) {
    if (copy.path === entry.path || copy.key.fingerprint !== key.fingerprint) continue;
    const { mergeKeys } = await import("./keys.ts");
    key = await mergeKeys(key, copy.key);
  }
  return { ...entry, key };
}

async function listKeys(store: Store): Promise<ListedKey[]> {
  const locals = listKeyFiles(store.host, store.directories.local);
  const systems = listKeyFiles(store.host, store.directories.system);
  const listed = [...systems.map((file) => ({ file, masked: isMasked(file, locals) })), ...locals.map((file) => ({ file, masked: false }))];
  return Promise.all(listed.filter(({ file }) => !file.empty).map(({ file, masked }) => listKey(store, file, masked)));
}

async function readAll(store: Store): Promise<PublicKey[]> {
  const keys = new Map<string, PublicKey>();
  for (const { key } of await listKeys(store)) {
    if (key === undefined) continue;
    const known = keys.get(key.fingerprint);
    keys.set(key.fingerprint, known === undefined ? key : await (await import("./keys.ts")).mergeKeys(known, key));
  }
  return [...keys.values()];
}

async function listKey(store: Store, file: KeyFile, masked: boolean): Promise<ListedKey> {
  if (masked) return { ...file, masked };
  try {
    return { ...file, masked, key: (await loadKey(store, file)).key };
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    return { ...file, masked, problem: error.message };
  }
}
