import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcIdentifier } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";
import type { Keystore } from "../trust/keystore.ts";
import { checkSigners, verifyDetached } from "../trust/verify.ts";

export interface VerifyContext {
  readonly host: Host;
  readonly keystore: Keystore;
}

/** Before anything big is fetched: could any key that is trusted for anything have made the signature? */
export async function screenBeforeFetch(context: VerifyContext, signature: Buffer): Promise<void> {
  await checkSigners({ keys: await context.keystore.all(), signature, now: context.host.clock.now() });
}

/**
 * The good signatures of a file by keys that are trusted for any name. The image's name is inside of what is verified: it is not
 * looked at before some trusted key has vouched for the bytes. `restrictToName` comes after.
 */
export async function verifyBytes(context: VerifyContext, path: string, signature: Buffer): Promise<SignatureFact[]> {
  const { files, hashes, clock } = context.host;
  return verifyDetached({ keys: await context.keystore.all(), signature, now: clock.now(), data: files.blocks(path), hashes });
}

/** Those of the facts whose key may sign for the name; throws as trust does when none is left. */
export async function restrictToName(
  context: VerifyContext,
  name: AcIdentifier,
  signed: { readonly signature: Buffer; readonly facts: readonly SignatureFact[] },
): Promise<SignatureFact[]> {
  const keys = (await context.keystore.keysFor(name)).map((trusted) => trusted.key);
  const candidates = await checkSigners({ keys, signature: signed.signature, now: context.host.clock.now() }).catch((error: unknown) => {
    throw nameSigner(error, name);
  });
  const allowed = new Set(candidates.map((candidate) => candidate.key.fingerprint));
  const facts = signed.facts.filter((fact) => allowed.has(fact.fingerprint));
  if (facts.length === 0)
    throw new RktError(
      "signature-unknown-signer",
      `Cannot verify image ${quoteText(name)}: none of its good signatures is by a key that is trusted for it`,
    );
  return facts;
}

/** The name is known here: say it, also in the hint. */
function nameSigner(error: unknown, name: AcIdentifier): unknown {
  if (!(error instanceof RktError) || error.code !== "signature-unknown-signer") return error;
  const reason = error.message.replace(/^Cannot verify the image: /, "").replace("for this image", "for that name");
  return new RktError(error.code, `Cannot verify image ${quoteText(name)}: ${reason}`, {
    hint: `If its maker may provide this image, trust the key: "rkt trust --prefix=${name} KEY.asc"`,
    cause: error,
  });
}
