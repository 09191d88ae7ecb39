import type { KeyFacts, PublicKey } from "./key-facts.ts";

/**
 * The lines of the fingerprint review (rkt-features B.8), safe for a terminal:
 * `gpg key fingerprint is: 18AD 5014 …`, each subkey, each identity, and what a reader should know before saying yes.
 */
export function describeKey(key: PublicKey, now: number): string[] {
  return [
    `gpg key fingerprint is: ${groupFingerprint(key.fingerprint)}`,
    `\t${describeFacts(key, now)}`,
    ...key.subkeys.map((subkey) => `\tSubkey fingerprint: ${groupFingerprint(subkey.fingerprint)} (${describeFacts(subkey, now)})`),
    ...key.identities.map((identity) => `\t${identity}`),
  ];
}

/** Upper-case hex in groups of four, two spaces in the middle, as gpg prints it. */
export function groupFingerprint(fingerprint: string): string {
  const groups = fingerprint.toUpperCase().match(/.{1,4}/g) ?? [];
  const middle = groups.length / 2;
  return `${groups.slice(0, middle).join(" ")}  ${groups.slice(middle).join(" ")}`;
}

function describeFacts(facts: KeyFacts, now: number): string {
  const parts = [facts.algorithm, `created ${day(facts.created)}`];
  if (facts.expires !== undefined) parts.push(`${facts.expires <= now ? "EXPIRED" : "expires"} ${day(facts.expires)}`);
  if (facts.revoked) parts.push("REVOKED");
  if (facts.weakness !== undefined) parts.push("TOO WEAK: its signatures are refused");
  return parts.join(", ");
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
