import * as openpgp from "openpgp";
import { RktError, messageOf } from "../base/error.ts";
import { escapeText } from "../base/escape.ts";
import type { Chunks } from "../host/hash-along.ts";
import type { Hashes } from "../host/host.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";
import { hashSigned } from "./hash-signed.ts";
import type { PublicKey } from "./key-facts.ts";
import { type Candidate, type Refusal, expiryOf, screenSignature } from "./screen.ts";
import { readSignatures } from "./signature.ts";

export interface ScreenRequest {
  /** The keys that are trusted for the image's name (`Keystore.keysFor`). */
  readonly keys: readonly PublicKey[];
  /** The bytes of the signature file. */
  readonly signature: Buffer;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface VerifyRequest extends ScreenRequest {
  /** The signed bytes, as they were downloaded. */
  readonly data: Chunks;
  readonly hashes: Hashes;
}

/**
 * Verifies a detached signature and returns the good signatures, at least one. The data are read once, to their end, when at least
 * one signature could be good; otherwise they are not touched. Throws in one sentence why none is believed:
 * `signature-unreadable`, `signature-unknown-signer`, `signature-refused` (expired, revoked, weak, from the future), `signature-bad`.
 */
export async function verifyDetached(request: VerifyRequest): Promise<SignatureFact[]> {
  const candidates = await checkSigners(request);
  const packets = candidates.map((candidate) => candidate.packet);
  const signedDigest = await hashSigned(packets, request.data, request.hashes);
  const results = await verifyHashed(candidates, request.now);
  const facts = results.flatMap((result, index) => {
    const candidate = candidates[index];
    return result === true && candidate !== undefined ? [{ ...makeFact(candidate, request.now), signedDigest }] : [];
  });
  const [failure] = results;
  if (facts.length === 0 && failure !== true) throw badSignature(failure);
  return facts;
}

/**
 * What can be checked before the image is downloaded: returns the signatures that could be good, at least one;
 * throws as `verifyDetached` otherwise.
 */
export async function checkSigners(request: ScreenRequest): Promise<Candidate[]> {
  const packets = await readSignatures(request.signature);
  const screened = packets.map((packet) => screenSignature(packet, request.keys, request.now));
  const candidates = screened.filter((result) => "packet" in result);
  if (candidates.length === 0) throw refused(screened.filter((result) => "reason" in result));
  return candidates;
}

/** Of each signature true, or why it does not hold; `hashSigned` has given them the digests of the data. */
async function verifyHashed(candidates: readonly Candidate[], now: number): Promise<unknown[]> {
  const packets = new openpgp.PacketList<openpgp.SignaturePacket>();
  packets.push(...candidates.map((candidate) => candidate.packet));
  const message = await openpgp.createMessage({ binary: new Uint8Array() });
  const result = await openpgp.verify({
    message,
    signature: new openpgp.Signature(packets),
    verificationKeys: candidates.map((candidate) => candidate.key.openpgp),
    format: "binary",
    date: new Date(now),
    // A key whose life was prolonged is exported with its last self-signature alone, which may be younger than what it signed: it counts
    // as it is now. (A signature from before its key is refused before.)
    config: { allowInsecureVerificationWithReformattedKeys: true },
  });
  // Each is awaited: `signatures` is only a list of promises, and a loop over an empty list proves nothing.
  return Promise.all(result.signatures.map((signature) => signature.verified.catch((error: unknown) => error)));
}

function makeFact(candidate: Candidate, now: number): Omit<SignatureFact, "signedDigest"> {
  const expiresAt = expiryOf(candidate.packet);
  return {
    type: "openpgp",
    fingerprint: candidate.key.fingerprint,
    signingFingerprint: candidate.signer.fingerprint,
    signedAt: candidate.packet.created?.getTime() ?? 0,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    verifiedAt: now,
  };
}

/** The most telling of several: a known key's refusal before an unknown signer. */
function refused(refusals: readonly Refusal[]): RktError {
  const refusal = refusals.find(({ code }) => code === "signature-refused") ?? refusals[0];
  if (refusal === undefined) throw new RktError("signature-unreadable", "Cannot verify the image: there is no signature");
  const hint =
    refusal.code === "signature-unknown-signer"
      ? `If its maker may provide this image, trust the key: "rkt trust --prefix=NAME KEY.asc"`
      : "Ask the image's maker for a new signature";
  return new RktError(refusal.code, `Cannot verify the image: the signature ${refusal.reason}`, { hint });
}

function badSignature(failure: unknown): RktError {
  return new RktError("signature-bad", `Cannot verify the image: ${explainFailure(messageOf(failure))}`, {
    hint: "Fetch the image and its signature again from a place you trust",
    cause: failure,
  });
}

/** openpgp's words for what screening cannot see. */
function explainFailure(message: string): string {
  if (/Signed digest did not match|Signature verification failed/.test(message)) {
    return "the signature does not match the image, one of them was altered";
  }
  if (/expired/.test(message)) return "the signature was made when its key had expired";
  return `the signature is not valid (${escapeText(message)})`;
}
