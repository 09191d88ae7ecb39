import { basename } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcIdentifier } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { type KeyFile, isFingerprint } from "./key-files.ts";
import type { DescribedKey, PublicKey } from "./key-facts.ts";
import { assertOwned } from "./ownership.ts";
import type { RememberedKeys } from "./remembered-keys.ts";

/** A key and what it is trusted for: a prefix of image names, or all of them ("root"). */
export interface TrustedKey<Key extends DescribedKey = PublicKey> {
  /** Missing for a root key. */
  readonly prefix?: AcIdentifier;
  readonly path: string;
  readonly key: Key;
}

export interface KeyReader {
  readonly host: Host;
  /** The user, besides root, whose files are believed. */
  readonly owner: number;
}

/** The key of a file; throws unless only root may write it and it holds exactly the key that its name says. */
export async function loadKey(reader: KeyReader, file: KeyFile): Promise<TrustedKey> {
  const content = readKeyFile(reader, file);
  return { ...scopeOf(file), key: await parseKey(file, content) };
}

/** The same of what is known of the key, which may be remembered. */
export async function loadFacts(reader: KeyReader, file: KeyFile, memory: RememberedKeys | undefined): Promise<TrustedKey<DescribedKey>> {
  const content = readKeyFile(reader, file);
  const known = memory?.find(content);
  // The fingerprint is the name that the file was found by.
  if (known !== undefined && known.fingerprint === basename(file.path)) return { ...scopeOf(file), key: known };
  const key = await parseKey(file, content);
  memory?.keep(content, key);
  return { ...scopeOf(file), key };
}

function scopeOf({ prefix, path }: KeyFile): Omit<TrustedKey, "key"> {
  return { ...(prefix === undefined ? {} : { prefix }), path };
}

function readKeyFile(reader: KeyReader, file: KeyFile): Buffer {
  assertOwned(reader.host, file.path, reader.owner);
  if (!isFingerprint(basename(file.path))) {
    throw badKeyFile(file.path, "its name is not the fingerprint of a key in lower-case hex digits");
  }
  return reader.host.files.read(file.path);
}

async function parseKey(file: KeyFile, content: Buffer): Promise<PublicKey> {
  const name = basename(file.path);
  // OpenPGP is loaded by who has a key to read.
  const { readPublicKeys } = await import("./keys.ts");
  const keys = await readPublicKeys(content).catch((error: unknown) => {
    throw badKeyFile(file.path, "it holds no public key that can be read", error);
  });
  const [key] = keys;
  if (key === undefined || keys.length > 1) throw badKeyFile(file.path, `it holds ${keys.length} keys instead of one`);
  if (key.fingerprint !== name) throw badKeyFile(file.path, `the key in it has another fingerprint, ${key.fingerprint}`);
  return key;
}

function badKeyFile(path: string, reason: string, cause?: unknown): RktError {
  return new RktError("key-file-bad", `Cannot use the key file ${quoteText(path)}: ${reason}`, {
    hint: `Remove it, and add the key again with "rkt trust"`,
    cause,
  });
}
