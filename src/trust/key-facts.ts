import type { Key } from "openpgp";

/** What is known of a primary key or subkey. Times in milliseconds since the epoch. */
export interface KeyFacts {
  /** Lower-case hex. */
  readonly fingerprint: string;
  /** `rsa4096`, `ed25519`, … */
  readonly algorithm: string;
  readonly created: number;
  /** Missing where the key does not expire (or its self-signature does not hold). */
  readonly expires?: number;
  /** By a valid revocation certificate in the same file, whatever its reason and date. */
  readonly revoked: boolean;
  /** Why its signatures are not believed, as the end of a sentence. */
  readonly weakness?: string;
}

/** What is known of a key with all its parts. */
export interface DescribedKey extends KeyFacts {
  /** User ids, escaped for a terminal. */
  readonly identities: readonly string[];
  readonly subkeys: readonly KeyFacts[];
}

export interface PublicKey extends DescribedKey {
  /** For this folder only. */
  readonly openpgp: Key;
}

/** The primary key or subkey with that fingerprint. */
export function findKeyFacts(key: DescribedKey, fingerprint: string): KeyFacts | undefined {
  return [key, ...key.subkeys].find((facts) => facts.fingerprint === fingerprint);
}
