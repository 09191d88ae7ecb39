import { quoteText } from "../base/escape.ts";
import type { AcIdentifier, ImageId } from "../base/id.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";
import { type DescribedKey, findKeyFacts } from "./key-facts.ts";
import type { TrustedKey } from "./load-key.ts";
import { showTime } from "./show-time.ts";

/** The part of a stored image that its judgement rests on. */
export interface JudgedImage {
  readonly id: ImageId;
  readonly name: AcIdentifier;
  /** Of all signatures that were good when the image was fetched; empty when none was checked. */
  readonly signatures: readonly SignatureFact[];
}

export type Judgement =
  | {
      readonly ok: true;
      /** Of the primary key that lets the image run, lower-case hex. */
      readonly fingerprint: string;
      /** Missing for a root key. */
      readonly prefix?: AcIdentifier;
    }
  | {
      readonly ok: false;
      /** `image "x" may not run: …`, to stand behind "Cannot …: ". */
      readonly reason: string;
      readonly hint: string;
    };

/**
 * Whether an image may run: it has a signature, good when it was verified, by a key that is trusted for its name now
 * (`Keystore.factsFor`, the files read anew) and not revoked. Pure, and no content is hashed: verdicts are made anew by it at boot and whenever keys change.
 * A key that has expired since the signature was verified still counts, as nobody could misuse it for that image any more;
 * a signature that has expired does not, because its maker wanted so.
 */
export function judgeImage(image: JudgedImage, trusted: readonly TrustedKey<DescribedKey>[], now: number): Judgement {
  if (image.signatures.length === 0) return refuse(image, "its signature was never verified", "fetch");
  const refusals = image.signatures.map((fact) => judgeFact(fact, trusted, now));
  const good = refusals.find((result) => typeof result !== "string");
  if (good !== undefined) {
    return { ok: true, fingerprint: good.key.fingerprint, ...(good.prefix === undefined ? {} : { prefix: good.prefix }) };
  }
  const [first] = refusals.filter((result) => typeof result === "string");
  return refuse(image, first ?? "no signature counts", trusted.length === 0 || first?.includes("not trusted") ? "trust" : "fetch");
}

function judgeFact(fact: SignatureFact, trusted: readonly TrustedKey<DescribedKey>[], now: number): TrustedKey<DescribedKey> | string {
  const entry = trusted.find(({ key }) => key.fingerprint === fact.fingerprint);
  if (entry === undefined) return `its signer, key ${fact.fingerprint}, is not trusted for it`;
  return findFault(fact, entry.key, now) ?? entry;
}

function findFault(fact: SignatureFact, key: DescribedKey, now: number): string | undefined {
  const signer = findKeyFacts(key, fact.signingFingerprint);
  if (key.revoked) return `its signer, key ${key.fingerprint}, is revoked`;
  if (signer === undefined) return `the key file of its signer does not hold the subkey ${fact.signingFingerprint} that signed it`;
  if (signer.revoked) return `the subkey that signed it, ${signer.fingerprint}, is revoked`;
  if (fact.expiresAt !== undefined && fact.expiresAt <= now) return `its signature expired at ${showTime(fact.expiresAt)}`;
  for (const facts of [key, signer]) {
    if (facts.weakness !== undefined) return `its signature is weak: ${facts.weakness}`;
    if (facts.expires !== undefined && facts.expires <= fact.verifiedAt) {
      return `its signer, key ${facts.fingerprint}, had expired when the signature was verified`;
    }
  }
  return undefined;
}

function refuse(image: JudgedImage, reason: string, remedy: "fetch" | "trust"): Judgement {
  return {
    ok: false,
    reason: `image ${quoteText(image.name)} may not run: ${reason}`,
    hint:
      remedy === "trust"
        ? `If its maker may provide it, trust the key: "rkt trust --prefix=${image.name} KEY.asc"`
        : `Fetch it again with a good signature: "rkt fetch"`,
  };
}
