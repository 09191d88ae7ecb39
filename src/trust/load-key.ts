import { basename } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcIdentifier } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { type KeyFile, isFingerprint } from "./key-files.ts";
import type { PublicKey } from "./key-facts.ts";
import { assertOwned } from "./ownership.ts";

/** A key and what it is trusted for: a prefix of image names, or all of them ("root"). */
export interface TrustedKey {
  /** Missing for a root key. */
  readonly prefix?: AcIdentifier;
  readonly path: string;
  readonly key: PublicKey;
}

export interface KeyReader {
  readonly host: Host;
  /** The user, besides root, whose files are believed. */
  readonly owner: number;
}

/** The key of a file; throws unless only root may write it and it holds exactly the key that its name says. */
export async function loadKey(reader: KeyReader, file: KeyFile): Promise<TrustedKey> {
  assertOwned(reader.host, file.path, reader.owner);
  const name = basename(file.path);
  if (!isFingerprint(name)) {
    throw badKeyFile(file.path, "its name is not the fingerprint of a key in lower-case hex digits");
  }
  // OpenPGP is loaded by who has a key to read.
  const { readPublicKeys } = await import("./keys.ts");
  const keys = await readPublicKeys(reader.host.files.read(file.path)).catch((error: unknown) => {
    throw badKeyFile(file.path, "it holds no public key that can be read", error);
  });
  const [key] = keys;
  if (key === undefined || keys.length > 1) throw badKeyFile(file.path, `it holds ${keys.length} keys instead of one`);
  if (key.fingerprint !== name) throw badKeyFile(file.path, `the key in it has another fingerprint, ${key.fingerprint}`);
  return { ...(file.prefix === undefined ? {} : { prefix: file.prefix }), path: file.path, key };
}

function badKeyFile(path: string, reason: string, cause?: unknown): RktError {
  return new RktError("key-file-bad", `Cannot use the key file ${quoteText(path)}: ${reason}`, {
    hint: `Remove it, and add the key again with "rkt trust"`,
    cause,
  });
}
