import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { describeKey, groupFingerprint } from "../../src/trust/describe.ts";
import { armorKey, mergeKeys, readPublicKeys } from "../../src/trust/keys.ts";
import { openGpg } from "./trust-gpg.ts";

const gpg = openGpg();
after(() => gpg.close());
const now = Date.now() + 2000;
const day = 86_400_000;

describe("readPublicKeys", () => {
  it("tells fingerprint, algorithm, times and subkeys", async () => {
    const fingerprint = gpg.makeKey("Ann <ann@example.com>", "rsa2048", { expire: "10d" });
    gpg.run(["--pinentry-mode=loopback", "--passphrase=", "--quick-add-key", fingerprint, "ed25519", "sign", "5d"]);
    const [key, ...more] = await readPublicKeys(gpg.exportKey("Ann"));
    assert.ok(key !== undefined && more.length === 0);
    assert.deepEqual([key.fingerprint, key.algorithm, key.revoked, key.weakness], [fingerprint, "rsa2048", false, undefined]);
    assert.ok(Math.abs((key.expires ?? 0) - now - 10 * day) < day);
    assert.deepEqual(key.identities, ["Ann <ann@example.com>"]);
    assert.deepEqual(
      key.subkeys.map((subkey) => [subkey.algorithm, subkey.revoked]),
      [["ed25519", false]],
    );
    assert.ok(Math.abs((key.subkeys[0]?.expires ?? 0) - now - 5 * day) < day);
  });

  it("reads several keys: one binary keyring, one armor, or armors one after the other with text between", async () => {
    const made = ["one", "two", "three"].map((name) => gpg.makeKey(name));
    const forms = [
      gpg.run(["--export", "=one", "=two", "=three"]),
      gpg.run(["--armor", "--export", "=one", "=two", "=three"]),
      Buffer.concat(["=one", "=two", "=three"].flatMap((name) => [Buffer.from(`key ${name}:\r\n`), gpg.exportKey(name)])),
    ];
    for (const form of forms)
      assert.deepEqual(
        (await readPublicKeys(form)).map((key) => key.fingerprint),
        made,
      );
  });

  it("refuses private keys, armored and binary", async () => {
    const fingerprint = gpg.makeKey("secret");
    const secret = ["--pinentry-mode=loopback", "--passphrase=", "--export-secret-keys", fingerprint];
    const armored = gpg.run(["--armor", ...secret]);
    for (const form of [armored, gpg.run(secret), Buffer.concat([gpg.exportKey("secret"), armored])]) {
      await assert.rejects(readPublicKeys(form), { code: "key-private" });
    }
  });

  it("refuses what is no key: nothing, noise, a signature, a truncated key, too much", async () => {
    gpg.makeKey("plain");
    const key = gpg.run(["--export", "plain"]);
    const noise = [
      Buffer.alloc(0),
      Buffer.from("<html>\u001b[2J</html>"),
      gpg.sign("plain", Buffer.from("x")),
      key.subarray(0, 20),
      Buffer.alloc(5e6),
    ];
    for (const data of noise) await assert.rejects(readPublicKeys(data), { code: "key-unreadable", message: /^[ -~]*$/ });
  });

  it("escapes identities that would change the terminal", async () => {
    gpg.run(["--pinentry-mode=loopback", "--passphrase=", "--quick-gen-key", "Eve\u202e evil", "ed25519", "sign"]);
    assert.deepEqual((await readPublicKeys(gpg.exportKey("Eve")))[0]?.identities, ["Eve\\u202e evil"]);
  });

  it("tells revoked keys and subkeys, also superseded ones", async () => {
    const fingerprint = gpg.makeKey("gone");
    const before = await readPublicKeys(gpg.exportKey("gone"));
    gpg.revoke(fingerprint);
    const after = await readPublicKeys(gpg.exportKey("gone"));
    assert.deepEqual([before[0]?.revoked, after[0]?.revoked], [false, true]);

    const primary = gpg.makeKey("half");
    gpg.run(["--pinentry-mode=loopback", "--passphrase=", "--quick-add-key", primary, "ed25519", "sign"]);
    gpg.run(["--command-fd=0", "--pinentry-mode=loopback", "--passphrase=", "--edit-key", "half"], "key 1\nrevkey\ny\n2\n\ny\nsave\n");
    const [half] = await readPublicKeys(gpg.exportKey("half"));
    assert.deepEqual([half?.revoked, half?.subkeys.map((subkey) => subkey.revoked)], [false, [true]]);
  });
});

describe("mergeKeys", () => {
  it("never loses a revocation, whichever copy is older", async () => {
    const fingerprint = gpg.makeKey("merge");
    const [old] = await readPublicKeys(gpg.exportKey("merge"));
    gpg.revoke(fingerprint);
    const [revoked] = await readPublicKeys(gpg.exportKey("merge"));
    assert.ok(old !== undefined && revoked !== undefined);
    for (const merged of [await mergeKeys(old, revoked), await mergeKeys(revoked, old)]) {
      assert.equal(merged.revoked, true);
      assert.equal((await readPublicKeys(Buffer.from(armorKey(merged))))[0]?.revoked, true);
    }
  });
});

describe("describeKey", () => {
  it("shows what a review needs", async () => {
    const fingerprint = gpg.makeKey("Review <r@example.com>", "rsa1024", { expire: "2d" });
    const [key] = await readPublicKeys(gpg.exportKey("Review"));
    assert.ok(key !== undefined);
    const [first, facts, ...rest] = describeKey(key, now + 3 * day);
    assert.equal(first, `gpg key fingerprint is: ${groupFingerprint(fingerprint)}`);
    assert.match(facts ?? "", /^\trsa1024, created \d{4}-\d\d-\d\d, EXPIRED \d{4}-\d\d-\d\d, TOO WEAK: its signatures are refused$/);
    assert.deepEqual(rest, ["\tReview <r@example.com>"]);
  });

  it("groups a fingerprint as gpg does", () => {
    const shown = "18AD 5014 C99E F7E3 BA5F  6CE9 50BD D3E0 FC8A 365E";
    assert.equal(groupFingerprint("18ad5014c99ef7e3ba5f6ce950bdd3e0fc8a365e"), shown);
  });
});
