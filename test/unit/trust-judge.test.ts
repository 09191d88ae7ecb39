import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { type PlanDigest, parseAcIdentifier, parseImageId, parsePodName, parseUuid } from "../../src/base/id.ts";
import { createHost } from "../../src/host/node-host.ts";
import { readPublicKeys } from "../../src/trust/keys.ts";
import type { TrustedKey } from "../../src/trust/load-key.ts";
import { type JudgedImage, judgeImage } from "../../src/trust/judge.ts";
import { type Verdict, parseVerdict, serializeVerdict } from "../../src/trust/verdict.ts";
import { verifyDetached } from "../../src/trust/verify.ts";
import { inPieces, openGpg } from "./trust-gpg.ts";

const gpg = openGpg();
const { hashes } = createHost();
after(() => gpg.close());
/** Later than every signature of this file. */
const now = Date.now() + 600_000;
const day = 86_400_000;
const data = Buffer.from("image");
const id = parseImageId(`sha512-${"a".repeat(128)}`);
const name = parseAcIdentifier("coreos.com/etcd");
const prefix = parseAcIdentifier("coreos.com");

async function trust(key: string): Promise<TrustedKey> {
  const [read] = await readPublicKeys(gpg.exportKey(key));
  assert.ok(read !== undefined);
  return { prefix, path: `/etc/rkt/trustedkeys/prefix.d/coreos.com/${read.fingerprint}`, key: read };
}

/** An image as the store holds it after a fetch at `now`. */
async function fetchSigned(key: string, options: string[] = []): Promise<JudgedImage> {
  const signature = gpg.sign(key, data, options);
  const signatures = await verifyDetached({ keys: [(await trust(key)).key], data: inPieces(data), hashes, signature, now });
  return { id, name, signatures };
}

function refusalOf(image: JudgedImage, keys: TrustedKey[], at = now): string {
  const judgement = judgeImage(image, keys, at);
  assert.ok(!judgement.ok);
  assert.match(judgement.reason, /^image "coreos.com\/etcd" may not run: /);
  return `${judgement.reason}\n${judgement.hint}`;
}

describe("judgeImage", () => {
  it("lets an image run whose signer is trusted now, and says by which key and prefix", async () => {
    const fingerprint = gpg.makeKey("good");
    const image = await fetchSigned("good");
    assert.deepEqual(judgeImage(image, [await trust("good")], now), { ok: true, fingerprint, prefix });
    const { key, path } = await trust("good");
    assert.deepEqual(judgeImage(image, [{ key, path }], now), { ok: true, fingerprint });
  });

  it("refuses one that was never verified", async () => {
    gpg.makeKey("never");
    assert.match(refusalOf({ id, name, signatures: [] }, [await trust("never")]), /its signature was never verified\n.*rkt fetch/);
  });

  it("refuses one whose key is not trusted any more", async () => {
    const fingerprint = gpg.makeKey("removed");
    const image = await fetchSigned("removed");
    assert.match(refusalOf(image, []), new RegExp(`key ${fingerprint}, is not trusted for it\n.*rkt trust --prefix=coreos.com/etcd`));
  });

  it("refuses one whose key was revoked since", async () => {
    const fingerprint = gpg.makeKey("revoked");
    const image = await fetchSigned("revoked");
    gpg.revoke(fingerprint);
    assert.match(refusalOf(image, [await trust("revoked")]), /is revoked/);
  });

  it("refuses one whose signature has expired since, but not one whose key has", async () => {
    gpg.makeKey("short");
    const image = await fetchSigned("short", ["--default-sig-expire=1d"]);
    assert.ok(judgeImage(image, [await trust("short")], now).ok);
    assert.match(refusalOf(image, [await trust("short")], now + 2 * day), /its signature expired at/);
    gpg.makeKey("aging", "ed25519", { expire: "1d" });
    assert.ok(judgeImage(await fetchSigned("aging"), [await trust("aging")], now + 2 * day).ok);
  });

  it("refuses one whose signing subkey is not in the key file any more", async () => {
    gpg.makeKey("subkey");
    const image = await fetchSigned("subkey");
    const facts = image.signatures.map((fact) => ({ ...fact, signingFingerprint: "b".repeat(40) }));
    assert.match(refusalOf({ ...image, signatures: facts }, [await trust("subkey")]), /does not hold the subkey b+ that signed it/);
  });

  it("needs one good signature of several", async () => {
    const fingerprint = gpg.makeKey("second");
    const image = await fetchSigned("second");
    const stranger = image.signatures.map((fact) => ({ ...fact, fingerprint: "c".repeat(40) }));
    const both = { ...image, signatures: [...stranger, ...image.signatures] };
    assert.deepEqual(judgeImage(both, [await trust("second")], now), { ok: true, fingerprint, prefix });
  });
});

describe("verdict file", () => {
  const verdict: Verdict = {
    format: 1,
    uuid: parseUuid("6733c1f5-5f41-4d5b-8cd3-6d5f4c9e4a10"),
    pod: parsePodName("etcd"),
    plan: "d".repeat(64) as PlanDigest,
    images: [{ id, name, fingerprint: "e".repeat(40) }],
    decidedAt: now,
    policy: "trusted-keys",
  };

  it("is read back as it was written", () => assert.deepEqual(parseVerdict(serializeVerdict(verdict)), verdict));

  it("is refused when it is anything else", () => {
    const broken = ["", "null", "{}", "[]", JSON.stringify({ ...verdict, format: 2 }), JSON.stringify({ ...verdict, images: [{}] })];
    for (const text of broken) assert.throws(() => parseVerdict(text), { code: "verdict-unreadable" });
  });
});
