import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, it } from "node:test";
import * as openpgp from "openpgp";
import { createHost } from "../../src/host/node-host.ts";
import type { PublicKey } from "../../src/trust/key-facts.ts";
import { readPublicKeys } from "../../src/trust/keys.ts";
import { hasInsides } from "../../src/trust/hash-signed.ts";
import { issuersOf, readSignatures } from "../../src/trust/signature.ts";
import { checkSigners, verifyDetached } from "../../src/trust/verify.ts";
import { inPieces, openGpg } from "./trust-gpg.ts";

const gpg = openGpg();
const { hashes } = createHost();
after(() => gpg.close());
const data = Buffer.alloc(100_000, "an image\n");
/** Later than every signature that is made before the call. */
const soon = (): number => Date.now() + 2000;
const signer = gpg.makeKey("good");

async function keysOf(...names: string[]): Promise<PublicKey[]> {
  return (await Promise.all(names.map((name) => readPublicKeys(gpg.exportKey(name))))).flat();
}

async function verify(names: string[], signature: Buffer, options: { bytes?: Buffer; now?: number } = {}) {
  return verifyDetached({
    keys: await keysOf(...names),
    data: inPieces(options.bytes ?? data),
    hashes,
    signature,
    now: options.now ?? soon(),
  });
}

async function refused(code: string, message: RegExp, names: string[], signature: Buffer, options = {}): Promise<void> {
  await assert.rejects(verify(names, signature, options), (error: Error & { code?: string }) => {
    assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  });
}

describe("verifyDetached accepts", () => {
  for (const [form, options] of [
    ["armored", ["--armor"]],
    ["binary", []],
  ] as const) {
    it(`a signature, ${form}, and says who signed what and when`, async () => {
      const signature = gpg.sign("good", data, options);
      const now = soon();
      const [fact, ...more] = await verify(["good"], signature, { now });
      assert.equal(more.length, 0);
      assert.equal(fact?.fingerprint, signer);
      assert.equal(fact.signingFingerprint, signer);
      assert.equal(fact.verifiedAt, now);
      assert.ok(Math.abs(fact.signedAt - now) < 60_000);
      assert.equal(fact.signedDigest, `sha512-${createHash("sha512").update(data).digest("hex")}`);
    });
  }

  it("a signature from before its key was given a longer life, of which the export tells the last one only", async () => {
    const key = gpg.makeKey("extended", "ed25519", { expire: "2y", at: "20250101T000000" });
    const signature = gpg.sign("extended", data, ["--faked-system-time=20250301T000000"]);
    gpg.run(["--quick-set-expire", key.toUpperCase(), "5y"]);
    assert.equal((await verify(["extended"], signature)).length, 1);
  });

  it("a signature by a signing subkey, which is named", async () => {
    const primary = gpg.makeKey("with-subkey");
    gpg.run(["--pinentry-mode=loopback", "--passphrase=", "--quick-add-key", primary, "ed25519", "sign"]);
    const [fact] = await verify(["with-subkey"], gpg.sign("with-subkey", data));
    assert.equal(fact?.fingerprint, primary);
    assert.notEqual(fact.signingFingerprint, primary);
  });

  it("rsa2048 with SHA-512", async () => {
    gpg.makeKey("rsa", "rsa2048");
    assert.equal((await verify(["rsa"], gpg.sign("rsa", data, ["--digest-algo=SHA512"]))).length, 1);
  });

  for (const algorithm of ["SHA256", "SHA384", "SHA512"]) {
    it(`a signature over ${algorithm}`, async () => {
      assert.equal((await verify(["good"], gpg.sign("good", data, [`--digest-algo=${algorithm}`]))).length, 1);
    });
  }

  it("a signature of version 6, whose salt comes before the data, and none with another salt", async () => {
    const { privateKey, publicKey } = await openpgp.generateKey({
      userIDs: [{ name: "six" }],
      format: "object",
      config: { v6Keys: true },
      date: new Date(Date.now() - 60_000),
    });
    const message = await openpgp.createMessage({ binary: new Uint8Array(data) });
    const signature = await openpgp.sign({ message, signingKeys: privateKey, detached: true, format: "binary" });
    const keys = await readPublicKeys(Buffer.from(publicKey.armor()));
    const request = { keys, data: inPieces(data), hashes, signature: Buffer.from(signature), now: soon() };
    assert.equal((await verifyDetached(request))[0]?.fingerprint, publicKey.getFingerprint());
    const [packet] = await readSignatures(Buffer.from(signature));
    const { salt } = packet as unknown as { salt: Uint8Array };
    const salted = Buffer.from(signature);
    salted[salted.indexOf(salt)] = (salt[0] ?? 0) ^ 1;
    await assert.rejects(verifyDetached({ ...request, data: inPieces(data), signature: salted }), { code: "signature-bad" });
  });

  it("finds in openpgp what takes the digests", async () => {
    const [packet] = await readSignatures(gpg.sign("good", data));
    assert.ok(packet !== undefined && hasInsides(packet));
  });

  it("one good signature of several, each in a block of its own, whatever the others are", async () => {
    gpg.makeKey("other");
    const both = Buffer.concat([gpg.sign("other", data), gpg.sign("good", data)]);
    assert.deepEqual(
      (await verify(["good"], both)).map((fact) => fact.fingerprint),
      [signer],
    );
    assert.equal((await verify(["good", "other"], both)).length, 2);
    const oneBad = Buffer.concat([gpg.sign("other", Buffer.from("else")), gpg.sign("good", data)]);
    assert.deepEqual(
      (await verify(["good", "other"], oneBad)).map((fact) => fact.fingerprint),
      [signer],
    );
  });
});

describe("verifyDetached refuses", () => {
  it("altered, truncated, lengthened and empty data", async () => {
    const signature = gpg.sign("good", data);
    const altered = Buffer.from(data);
    altered[50_000] = 1;
    for (const bytes of [altered, data.subarray(1), Buffer.concat([data, data]), Buffer.alloc(0)]) {
      await refused("signature-bad", /one of them was altered$/, ["good"], signature, { bytes });
    }
  });

  it("an unknown signer by key id, with the command that would trust it, without reading the data", async () => {
    const signature = gpg.sign("good", data);
    gpg.makeKey("stranger");
    await refused("signature-unknown-signer", new RegExp(`made by key ${signer}, which is not trusted`), ["stranger"], signature);
    await refused("signature-unknown-signer", /not trusted/, [], signature);
    const untouched = { [Symbol.asyncIterator]: () => assert.fail("the data were read") };
    const request = { keys: await keysOf("stranger"), data: untouched, hashes, signature, now: soon() };
    await assert.rejects(verifyDetached(request), { hint: /rkt trust --prefix=/ });
    await assert.rejects(checkSigners(request), { code: "signature-unknown-signer" });
    assert.deepEqual(await issuersOf(signature), [signer]);
  });

  for (const hash of ["SHA1", "RIPEMD160"]) {
    it(`a ${hash} signature`, async () => {
      const signature = gpg.sign("good", data, ["--digest-algo", hash, "--allow-weak-digest-algos"]);
      await refused("signature-refused", /is weak: it uses (SHA-1|RIPEMD-160)$/, ["good"], signature);
    });
  }

  it("an MD5 signature", async () => {
    const signature = gpg.sign("good", data, []);
    // The hash algorithm of a version 4 signature: packet header 2, version 1, type 1, key algorithm 1.
    signature[5] = 1;
    await refused("signature-refused", /is weak: it uses MD5$/, ["good"], signature);
  });

  it("RSA keys under 2048 bits, and DSA keys", async () => {
    gpg.makeKey("rsa1024", "rsa1024");
    await refused("signature-refused", /RSA with 1024 bits, which is too weak/, ["rsa1024"], gpg.sign("rsa1024", data));
    gpg.makeKey("dsa", "dsa1024");
    await refused("signature-refused", /DSA key, which is too weak/, ["dsa"], gpg.sign("dsa", data, ["--digest-algo=SHA256"]));
  });

  it("a revoked key, whatever the date of its signature", async () => {
    const fingerprint = gpg.makeKey("revoked");
    const signature = gpg.sign("revoked", data);
    assert.equal((await verify(["revoked"], signature)).length, 1);
    gpg.revoke(fingerprint);
    await refused("signature-refused", new RegExp(`key ${fingerprint}, which is revoked`), ["revoked"], signature);
  });

  it("an expired signature", async () => {
    const signature = gpg.sign("good", data, ["--default-sig-expire=1d"]);
    assert.equal((await verify(["good"], signature)).length, 1);
    await refused("signature-refused", /the signature expired at \d{4}-/, ["good"], signature, { now: soon() + 2 * 86_400_000 });
  });

  it("a signature whose key has expired", async () => {
    gpg.makeKey("expiring", "ed25519", { expire: "1d" });
    const signature = gpg.sign("expiring", data);
    assert.equal((await verify(["expiring"], signature)).length, 1);
    await refused("signature-refused", /which expired at /, ["expiring"], signature, { now: soon() + 2 * 86_400_000 });
  });

  it("a signature from the future", async () => {
    const signature = gpg.sign("good", data, ["--faked-system-time=20390101T000000"]);
    await refused("signature-refused", /from the future: it was made at 2039-01-01/, ["good"], signature);
  });

  it("a text signature, which leaves line ends open", async () => {
    await refused("signature-refused", /over a text/, ["good"], gpg.sign("good", data, ["--textmode"]));
  });

  it("signatures of version 3, which openpgp does not understand", async () => {
    const signature = gpg.sign("good", data, []);
    signature[2] = 3;
    await refused("signature-unreadable", /no signature of a supported kind/, ["good"], signature);
  });

  it("what is no detached signature: nothing, noise, a key, an inline message, a truncated one", async () => {
    const inline = gpg.run(["--local-user=good", "--armor", "--output=-", "--sign"], data);
    const binary = gpg.sign("good", data, []);
    const noise = [Buffer.alloc(0), Buffer.from("<html>404</html>"), gpg.exportKey("good"), inline, binary.subarray(0, 40)];
    for (const signature of noise) await refused("signature-unreadable", /^Cannot read the signature: /, ["good"], signature);
  });
});
