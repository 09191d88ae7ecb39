import * as openpgp from "openpgp";
import { RktError, messageOf } from "../base/error.ts";
import { escapeText, quoteText } from "../base/escape.ts";
import { findKeyWeakness, nameAlgorithm } from "./algorithm.ts";
import { splitArmor } from "./armor.ts";
import type { KeyFacts, PublicKey } from "./key-facts.ts";

/** A keyring of thousands of keys is no key file; the largest real keys have some hundred KiB of certifications. */
const MAX_KEY_FILE = 4 * 1024 * 1024;

/** Asks whether a key is *ever* revoked: also "superseded from next month" is a reason not to trust it any more. */
const END_OF_TIME = new Date(8_640_000_000_000_000);

/**
 * Reads every public key of a file: armored (also several blocks one after the other) or binary. Throws `key-unreadable`
 * when there is none or one cannot be read, `key-private` when it holds a private key: such a file must not lie about.
 */
export async function readPublicKeys(data: Buffer): Promise<PublicKey[]> {
  if (data.length > MAX_KEY_FILE) throw unreadable(`it is larger than ${MAX_KEY_FILE} bytes`);
  const keys = (await Promise.all(splitKeyData(data).map(parseKeys))).flat();
  if (keys.some((key) => key.isPrivate())) throw privateKeyError();
  return Promise.all(keys.map(describeOpenpgpKey));
}

/** The key that has what either has: certifications, subkeys and, above all, revocations. Both have one fingerprint. */
export async function mergeKeys(known: PublicKey, added: PublicKey): Promise<PublicKey> {
  return describeOpenpgpKey(await known.openpgp.update(added.openpgp));
}

/** ASCII armor of the key, as it is stored. */
export function armorKey(key: PublicKey): string {
  return key.openpgp.armor();
}

function splitKeyData(data: Buffer): (string | Buffer)[] {
  const blocks = splitArmor(data);
  if (blocks.length === 0) return [data];
  return blocks.map((block) => {
    if (block.type === "PRIVATE KEY BLOCK") throw privateKeyError();
    if (block.type !== "PUBLIC KEY BLOCK") throw unreadable(`it holds a PGP ${quoteText(block.type)}, not a public key`);
    return block.text;
  });
}

async function parseKeys(block: string | Buffer): Promise<openpgp.Key[]> {
  if (block.length === 0) throw unreadable("the file is empty");
  try {
    return typeof block === "string"
      ? await openpgp.readKeys({ armoredKeys: block })
      : await openpgp.readKeys({ binaryKeys: new Uint8Array(block) });
  } catch (error) {
    throw unreadable(`it is no OpenPGP public key (${escapeText(messageOf(error))})`, error);
  }
}

async function describeOpenpgpKey(key: openpgp.Key): Promise<PublicKey> {
  const expires = toTime(await key.getExpirationTime());
  const subkeys = await Promise.all(key.subkeys.map(describeSubkey));
  return {
    ...describePacket(key),
    ...(expires === undefined ? {} : { expires }),
    revoked: await key.isRevoked(undefined, undefined, END_OF_TIME),
    identities: key.getUserIDs().map(escapeText),
    subkeys,
    openpgp: key,
  };
}

async function describeSubkey(subkey: openpgp.Subkey): Promise<KeyFacts> {
  const expires = toTime(await subkey.getExpirationTime(END_OF_TIME).catch(() => null));
  const binding = subkey.bindingSignatures[0];
  const revoked = binding !== undefined && (await subkey.isRevoked(binding, subkey.mainKey.keyPacket, END_OF_TIME));
  return { ...describePacket(subkey), ...(expires === undefined ? {} : { expires }), revoked };
}

function describePacket(key: openpgp.Key | openpgp.Subkey): KeyFacts {
  const info = key.getAlgorithmInfo();
  const weakness = findKeyWeakness(info);
  return {
    fingerprint: key.getFingerprint(),
    algorithm: nameAlgorithm(info),
    created: key.getCreationTime().getTime(),
    revoked: false,
    ...(weakness === undefined ? {} : { weakness }),
  };
}

function toTime(date: Date | typeof Infinity | null): number | undefined {
  return date instanceof Date ? date.getTime() : undefined;
}

function unreadable(reason: string, cause?: unknown): RktError {
  return new RktError("key-unreadable", `Cannot read the public key: ${reason}`, {
    hint: `Export it with "gpg --armor --export KEYID"`,
    cause,
  });
}

function privateKeyError(): RktError {
  return new RktError("key-private", "Cannot read the public key: the file holds a private key", {
    hint: `Export the public key with "gpg --armor --export KEYID" and keep the private one away from hosts`,
  });
}
