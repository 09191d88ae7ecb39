import * as openpgp from "openpgp";
import { RktError, messageOf } from "../base/error.ts";
import { escapeText, quoteText } from "../base/escape.ts";
import { splitArmor } from "./armor.ts";

const MAX_SIGNATURE_FILE = 256 * 1024;
/** Each one hashes the whole image. */
const MAX_SIGNATURES = 16;

/** A detached signature as it was read; nothing about it has been believed yet. */
export type SignaturePacket = openpgp.SignaturePacket;

/**
 * The signatures of a detached signature file, armored (also several blocks) or binary. Throws `signature-unreadable`
 * when there is none that openpgp understands: of version 3 and of unknown algorithms it gives empty packets, which are left out here.
 */
export async function readSignatures(data: Buffer): Promise<SignaturePacket[]> {
  if (data.length === 0) throw unreadable("the file is empty");
  if (data.length > MAX_SIGNATURE_FILE) throw unreadable(`it is larger than ${MAX_SIGNATURE_FILE} bytes`);
  const lists = await Promise.all(splitSignatureData(data).map(parseSignature));
  const packets = lists.flatMap((signature) => Array.from(signature.packets)).filter((packet) => packet instanceof openpgp.SignaturePacket);
  if (packets.length === 0) throw unreadable("it holds no signature of a supported kind (version 4 or 6)");
  if (packets.length > MAX_SIGNATURES) throw unreadable(`it holds more than ${MAX_SIGNATURES} signatures`);
  return packets;
}

/** Who a signature says made it; that is a claim until it is verified. */
export function nameIssuer(packet: SignaturePacket): string {
  return packet.issuerFingerprint === null ? packet.issuerKeyID.toHex() : Buffer.from(packet.issuerFingerprint).toString("hex");
}

/** Key ids, or fingerprints where the signature tells them, of those who made the signatures. */
export async function issuersOf(signature: Buffer): Promise<string[]> {
  return (await readSignatures(signature)).map(nameIssuer);
}

function splitSignatureData(data: Buffer): (string | Buffer)[] {
  const blocks = splitArmor(data);
  if (blocks.length === 0) return [data];
  return blocks.map((block) => {
    if (block.type !== "SIGNATURE") throw unreadable(`it holds a PGP ${quoteText(block.type)}, not a detached signature`);
    return block.text;
  });
}

async function parseSignature(block: string | Buffer): Promise<openpgp.Signature> {
  try {
    return typeof block === "string"
      ? await openpgp.readSignature({ armoredSignature: block })
      : await openpgp.readSignature({ binarySignature: new Uint8Array(block) });
  } catch (error) {
    throw unreadable(`it is no detached OpenPGP signature (${escapeText(messageOf(error))})`, error);
  }
}

function unreadable(reason: string, cause?: unknown): RktError {
  return new RktError("signature-unreadable", `Cannot read the signature: ${reason}`, {
    hint: `Make it with "gpg --armor --detach-sign IMAGE.aci"`,
    cause,
  });
}
