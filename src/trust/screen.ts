import { enums } from "openpgp";
import type { KeyFacts, PublicKey } from "./key-facts.ts";
import { showTime } from "./show-time.ts";
import { type SignaturePacket, nameIssuer } from "./signature.ts";

/** A signature that is worth verifying, and the key it says made it. */
export interface Candidate {
  readonly packet: SignaturePacket;
  readonly key: PublicKey;
  /** The primary key or subkey that signed. */
  readonly signer: KeyFacts;
}

/** Why a signature is not believed, as the end of a sentence that begins with "the signature". */
export interface Refusal {
  readonly code: "signature-unknown-signer" | "signature-refused";
  readonly issuer: string;
  readonly reason: string;
}

/** What can be said of a signature without the signed bytes. */
export function screenSignature(packet: SignaturePacket, keys: readonly PublicKey[], now: number): Candidate | Refusal {
  const issuer = nameIssuer(packet);
  const found = findSigner(packet, keys);
  if (found === undefined) {
    return { code: "signature-unknown-signer", issuer, reason: `was made by key ${issuer}, which is not trusted for this image` };
  }
  const reason = findFault(packet, found.key, found.signer, now);
  return reason === undefined ? { packet, ...found } : { code: "signature-refused", issuer, reason };
}

/** A 64-bit key id alone is not unique; where the signature tells the fingerprint, that counts too. */
function findSigner(packet: SignaturePacket, keys: readonly PublicKey[]): Omit<Candidate, "packet"> | undefined {
  const keyId = packet.issuerKeyID.toHex();
  const fingerprint = nameIssuer(packet);
  const matches = (facts: KeyFacts): boolean =>
    keyIdOf(facts.fingerprint) === keyId && (fingerprint === keyId || facts.fingerprint === fingerprint);
  for (const key of keys) {
    const signer = [key, ...key.subkeys].find(matches);
    if (signer !== undefined) return { key, signer };
  }
  return undefined;
}

/** The last 8 bytes of a version 4 fingerprint, the first 8 of a version 6 one. */
function keyIdOf(fingerprint: string): string {
  return fingerprint.length === 40 ? fingerprint.slice(-16) : fingerprint.slice(0, 16);
}

function findFault(packet: SignaturePacket, key: PublicKey, signer: KeyFacts, now: number): string | undefined {
  if (key.revoked) return `was made by key ${key.fingerprint}, which is revoked`;
  if (signer.revoked) return `was made by subkey ${signer.fingerprint}, which is revoked`;
  return findWeakness(packet, key, signer) ?? findKindFault(packet) ?? findTimeFault(packet, key, signer, now);
}

function findWeakness(packet: SignaturePacket, key: PublicKey, signer: KeyFacts): string | undefined {
  if (packet.hashAlgorithm === enums.hash.sha1) return "is weak: it uses SHA-1";
  if (packet.hashAlgorithm === enums.hash.md5) return "is weak: it uses MD5";
  if (packet.hashAlgorithm === enums.hash.ripemd) return "is weak: it uses RIPEMD-160";
  const weakness = signer.weakness ?? key.weakness;
  return weakness === undefined ? undefined : `is weak: ${weakness}`;
}

/** A text signature leaves line ends open, and bytes that are no text: it does not say which bytes were signed. */
function findKindFault(packet: SignaturePacket): string | undefined {
  if (packet.signatureType === enums.signature.binary) return undefined;
  if (packet.signatureType === enums.signature.text) return "is one over a text, not over the bytes of a file";
  return "is not one over a file";
}

function findTimeFault(packet: SignaturePacket, key: PublicKey, signer: KeyFacts, now: number): string | undefined {
  const created = packet.created?.getTime() ?? 0;
  if (created > now) return `is from the future: it was made at ${showTime(created)}`;
  const expires = expiryOf(packet);
  if (expires !== undefined && expires <= now) return `expired at ${showTime(expires)}`;
  for (const facts of [key, signer]) {
    if (created < facts.created) return `is older than its key ${facts.fingerprint}`;
    if (facts.expires !== undefined && facts.expires <= now) {
      return `was made by key ${facts.fingerprint}, which expired at ${showTime(facts.expires)}`;
    }
  }
  return undefined;
}

/** Milliseconds since the epoch; undefined for a signature that does not expire. */
export function expiryOf(packet: SignaturePacket): number | undefined {
  const expires = packet.getExpirationTime();
  return expires instanceof Date ? expires.getTime() : undefined;
}
