import { enums } from "openpgp";
import { type Chunks, hashAll } from "../host/hash-along.ts";
import type { Hashes, RunningHash } from "../host/host.ts";
import type { SignaturePacket } from "./signature.ts";

/** What openpgp 6.3.2 has in a signature and does not tell in its types; its version is pinned, and a unit test looks for each of them. */
interface Insides {
  /** Of version 6: it comes before the data. */
  salt: Uint8Array | null;
  /** Where it is set, openpgp takes it for the digest of data and signature instead of hashing. */
  hashed: Promise<Uint8Array> | null;
  /** Throws for an algorithm or a salt that openpgp does not believe in. */
  hash(type: number, data: object, toHash: undefined, detached: boolean): Promise<Uint8Array>;
  /** Salt, data, and what stands behind them. */
  toHash(type: number, data: object, detached: boolean): Uint8Array;
}

/** A literal packet without bytes, as far as `toHash` looks at it. */
const nothing = { text: null, getBytes: () => new Uint8Array() };
/** OpenPGP's hash algorithms as OpenSSL names them; what is missing here, openpgp does not verify either, or `screen.ts` has refused it. */
const names: Readonly<Record<number, string>> = {
  [enums.hash.sha256]: "sha256",
  [enums.hash.sha384]: "sha384",
  [enums.hash.sha512]: "sha512",
  [enums.hash.sha224]: "sha224",
  [enums.hash.sha3_256]: "sha3-256",
  [enums.hash.sha3_512]: "sha3-512",
};

/**
 * Reads what was signed once: sets each signature's digest of it, which `openpgp.verify` then takes as it takes its own, and returns the
 * `sha512-…` of the very same bytes. Other threads hash them.
 */
export async function hashSigned(packets: readonly SignaturePacket[], data: Chunks, hashes: Hashes): Promise<string> {
  const own = hashes.open("sha512");
  const signatures = await Promise.all(packets.map((packet) => begin(packet as unknown as Insides & SignaturePacket, { hashes, own })));
  await hashAll(data, [own, ...signatures.flatMap(({ hash }) => (hash === undefined ? [] : [hash]))]);
  await Promise.all(signatures.map((signature) => signature.finish()));
  return `sha512-${(await own.digest()).toString("hex")}`;
}

/** Does this openpgp have the insides that this file needs? */
export function hasInsides(packet: SignaturePacket): boolean {
  const { salt, hashed, hash, toHash } = packet as unknown as Insides;
  const isUnset = (value: unknown): boolean => value === null || value === undefined;
  return typeof hash === "function" && typeof toHash === "function" && isUnset(salt) && isUnset(hashed);
}

interface Signature {
  /** Absent where another digest begins like this one. */
  readonly hash?: RunningHash;
  finish(): Promise<void>;
}

async function begin(
  packet: Insides & SignaturePacket,
  { hashes, own }: { readonly hashes: Hashes; readonly own: RunningHash },
): Promise<Signature> {
  const end = async (hash: RunningHash, trailer: Uint8Array): Promise<void> => {
    await hash.update(trailer);
    packet.hashed = Promise.resolve(new Uint8Array(await hash.digest()));
  };
  try {
    await packet.hash(enums.signature.binary, nothing, undefined, true);
    const frame = packet.toHash(enums.signature.binary, nothing, true);
    const salted = packet.salt?.length ?? 0;
    const name = names[packet.hashAlgorithm ?? 0] ?? "";
    // What gpg makes since 2.4: no byte is hashed twice.
    if (salted === 0 && name === "sha512") return { finish: async () => end(await own.copy(), frame) };
    const hash = hashes.open(name);
    await hash.update(frame.subarray(0, salted));
    return { hash, finish: () => end(hash, frame.subarray(salted)) };
  } catch (error) {
    // As if openpgp had hashed and failed: the others may be good.
    packet.hashed = Promise.reject(error);
    packet.hashed.catch(() => undefined);
    return { finish: () => Promise.resolve() };
  }
}
