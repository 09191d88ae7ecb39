import type { AlgorithmInfo } from "openpgp";

/**
 * Smallest RSA modulus that is believed. One bit less than 2048: the product of two 1024-bit primes may have 2047 bits,
 * and tools call such a key "rsa2048".
 */
const MIN_RSA_BITS = 2047;

/** As gpg prints it: `rsa4096`, `ed25519`, `nistP256`, `dsa2048`. */
export function nameAlgorithm(info: AlgorithmInfo): string {
  if (info.algorithm === "eddsaLegacy") return "ed25519";
  if (info.curve !== undefined) return info.algorithm === "ecdh" ? "cv25519" : info.curve;
  if (info.bits !== undefined) return `${info.algorithm.startsWith("rsa") ? "rsa" : info.algorithm}${info.bits}`;
  return info.algorithm;
}

/** Why no signature of such a key is believed, as the end of a sentence; undefined when it is strong enough. */
export function findKeyWeakness(info: AlgorithmInfo): string | undefined {
  if (info.algorithm === "dsa") return "its key is a DSA key, which is too weak";
  if (info.algorithm.startsWith("rsa") && (info.bits ?? 0) < MIN_RSA_BITS) {
    return `its key is RSA with ${info.bits ?? 0} bits, which is too weak (at least 2048 are needed)`;
  }
  return undefined;
}
