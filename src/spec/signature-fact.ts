/** A signature that was good when checked. Verdicts are made anew from these facts and today's keys; no content is hashed again. */
export interface SignatureFact {
  readonly type: "openpgp";
  /** Primary key, lower-case hex. */
  readonly fingerprint: string;
  /** The (sub)key that signed, lower-case hex. */
  readonly signingFingerprint: string;
  /** Milliseconds since the epoch, from the signature. */
  readonly signedAt: number;
  /** Milliseconds since the epoch; missing where the signature does not expire. */
  readonly expiresAt?: number;
  readonly verifiedAt: number;
  /** `sha512-…` of the bytes that were signed (as downloaded, compressed). */
  readonly signedDigest: string;
}
