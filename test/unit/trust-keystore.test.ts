import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { parseAcIdentifier } from "../../src/base/id.ts";
import { createHost } from "../../src/host/node-host.ts";
import type { PublicKey } from "../../src/trust/key-facts.ts";
import { readPublicKeys } from "../../src/trust/keys.ts";
import { openKeystore } from "../../src/trust/keystore.ts";
import { openGpg } from "./trust-gpg.ts";

const gpg = openGpg();
const folder = fs.mkdtempSync(join(tmpdir(), "rkt-keystore-"));
after(() => {
  gpg.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const host = createHost();
let round = 0;
let directories = { system: "", local: "" };
beforeEach(() => {
  round += 1;
  directories = { system: join(folder, `${round}/usr/trustedkeys`), local: join(folder, `${round}/etc/trustedkeys`) };
});

const etcd = { prefix: parseAcIdentifier("coreos.com/etcd") };
const coreos = { prefix: parseAcIdentifier("coreos.com") };

function open() {
  return openKeystore(host, directories, { owner: host.uid });
}

async function makeKey(name: string): Promise<PublicKey> {
  gpg.makeKey(name);
  const [key] = await readPublicKeys(gpg.exportKey(name));
  assert.ok(key !== undefined);
  return key;
}

async function trustedFor(name: string): Promise<string[]> {
  return (await open().keysFor(parseAcIdentifier(name))).map((entry) => entry.key.fingerprint);
}

/** A key of the distribution: what `add` would write, below the system's directory. */
function addToSystem(key: PublicKey, where: string): string {
  const path = join(directories.system, where, key.fingerprint);
  host.files.mkdir(join(directories.system, where), { recursive: true, mode: 0o755 });
  host.files.writeAtomic(path, key.openpgp.armor(), { mode: 0o644 });
  return path;
}

const ann = await makeKey("ann");
const bob = await makeKey("bob");

describe("keystore", () => {
  it("lays keys out as the original did", async () => {
    assert.equal(await open().add(ann, "root"), join(directories.local, "root.d", ann.fingerprint));
    const path = await open().add(bob, etcd);
    assert.equal(path, join(directories.local, "prefix.d/coreos.com/etcd", bob.fingerprint));
    assert.match(host.files.readText(path), /^-----BEGIN PGP PUBLIC KEY BLOCK-----/);
    assert.deepEqual([host.files.stat(path).mode, host.files.stat(join(directories.local, "prefix.d/coreos.com")).mode], [0o644, 0o755]);
  });

  it("trusts a prefix's key for that name and what is below it by whole components, a root key for all", async () => {
    await open().add(bob, etcd);
    assert.deepEqual(await trustedFor("coreos.com/etcd"), [bob.fingerprint]);
    assert.deepEqual(await trustedFor("coreos.com/etcd/v3"), [bob.fingerprint]);
    for (const name of ["coreos.com", "coreos.com/etcd2", "coreos.com/etc", "other.com/etcd"]) assert.deepEqual(await trustedFor(name), []);
    await open().add(ann, "root");
    assert.deepEqual(await trustedFor("coreos.com/etcd"), [ann.fingerprint, bob.fingerprint]);
    assert.deepEqual(await trustedFor("other.com/etcd"), [ann.fingerprint]);
  });

  it("reads the system's keys, and an empty local file masks the one of the same scope only", async () => {
    addToSystem(ann, "prefix.d/coreos.com");
    addToSystem(ann, "root.d");
    assert.equal((await trustedFor("coreos.com/x")).length, 2);
    host.files.mkdir(join(directories.local, "root.d"), { recursive: true, mode: 0o755 });
    host.files.writeAtomic(join(directories.local, "root.d", ann.fingerprint), "");
    assert.deepEqual(await trustedFor("coreos.com/x"), [ann.fingerprint]);
    assert.deepEqual(await trustedFor("other.com/x"), []);
    const listed = await open().list();
    assert.deepEqual(
      listed.map((entry) => [entry.prefix, entry.masked, entry.key?.identities]),
      [
        [undefined, true, undefined],
        ["coreos.com", false, ["ann"]],
      ],
    );
  });

  it("removes local keys and masks those of the system", async () => {
    addToSystem(ann, "root.d");
    await open().add(ann, etcd);
    await open().add(ann, coreos);
    assert.deepEqual(
      open()
        .remove(ann.fingerprint, etcd)
        .map((entry) => entry.how),
      ["removed"],
    );
    assert.throws(() => open().remove(ann.fingerprint, etcd), { code: "key-not-trusted" });
    assert.deepEqual(
      open()
        .remove(ann.fingerprint)
        .map((entry) => [entry.prefix, entry.how]),
      [
        [undefined, "masked"],
        ["coreos.com", "removed"],
      ],
    );
    assert.deepEqual(await trustedFor("coreos.com/etcd"), []);
    assert.throws(() => open().remove(ann.fingerprint), { code: "key-not-trusted" });
    await open().add(ann, "root");
    assert.equal((await trustedFor("coreos.com/etcd")).length, 2);
  });

  it("knows each key once, with what all of its files say", async () => {
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString().replaceAll(/[-:]|\.\d+Z/g, "");
    gpg.makeKey("zoe", "ed25519", { expire: "1d", at: hourAgo });
    const [short] = await readPublicKeys(gpg.exportKey("zoe"));
    gpg.run(["--quick-set-expire", (short?.fingerprint ?? "").toUpperCase(), "2y"]);
    const [long] = await readPublicKeys(gpg.exportKey("zoe"));
    assert.ok(short !== undefined && long !== undefined && (long.expires ?? 0) > (short.expires ?? 0));
    addToSystem(short, "root.d");
    await open().add(long, etcd);
    await open().add(ann, "root");
    const keys = await open().all();
    assert.deepEqual(new Set(keys.map(({ fingerprint }) => fingerprint)), new Set([short.fingerprint, ann.fingerprint]));
    assert.equal(keys.find(({ fingerprint }) => fingerprint === short.fingerprint)?.expires, long.expires);
  });

  it("keeps a revocation that was added, in every scope and against every older copy", async () => {
    const key = await makeKey("carl");
    await open().add(key, coreos);
    gpg.revoke(key.fingerprint);
    const [revoked] = await readPublicKeys(gpg.exportKey("carl"));
    assert.ok(revoked !== undefined);
    await open().add(revoked, etcd);
    await open().add(key, etcd);
    addToSystem(key, "prefix.d/coreos.com/etcd");
    for (const name of ["coreos.com", "coreos.com/etcd"]) {
      const entries = await open().keysFor(parseAcIdentifier(name));
      assert.ok(entries.length > 0 && entries.every((entry) => entry.key.revoked));
    }
  });
});

describe("keystore refuses", () => {
  /** Puts a good root key there, then spoils something. */
  async function refusesAfter(spoil: (path: string) => void, message: RegExp): Promise<void> {
    const path = await open().add(ann, "root");
    spoil(path);
    await assert.rejects(open().keysFor(parseAcIdentifier("x.com/y")), (error: Error) => message.test(error.message));
    const [listed] = await open().list();
    assert.match(listed?.problem ?? "", message);
  }

  it("files that others may write", () => refusesAfter((path) => fs.chmodSync(path, 0o664), /others than root may write it/));
  it("directories that others may write", () =>
    refusesAfter((path) => fs.chmodSync(join(path, ".."), 0o775), /others than root may write it/));
  it("directories above that others may write", () =>
    refusesAfter((path) => fs.chmodSync(join(path, "../../.."), 0o2775), /etc".*others than root may write it/));
  it("links", () =>
    refusesAfter((path) => {
      fs.renameSync(path, `${folder}/target${round}`);
      fs.symlinkSync(`${folder}/target${round}`, path);
    }, /it is a symbolic link/));
  it("another key than the name says", () =>
    refusesAfter((path) => fs.writeFileSync(path, bob.openpgp.armor()), new RegExp(`another fingerprint, ${bob.fingerprint}`)));
  it("more than one key in a file", () =>
    refusesAfter((path) => fs.writeFileSync(path, ann.openpgp.armor() + bob.openpgp.armor()), /it holds 2 keys instead of one/));
  it("what is no key", () => refusesAfter((path) => fs.writeFileSync(path, "hello"), /no public key that can be read/));
  it("other names than fingerprints", () =>
    refusesAfter(
      (path) => fs.renameSync(path, path.toUpperCase().replace(/.*\//, `${join(path, "..")}/`)),
      /its name is not the fingerprint/,
    ));
  it("files of other users", { skip: host.uid !== 0 }, () =>
    refusesAfter((path) => fs.chownSync(path, 65534, 0), /it does not belong to root/),
  );

  it("to add a key where others may write", async () => {
    await open().add(ann, "root");
    fs.chmodSync(directories.local, 0o777);
    await assert.rejects(open().add(bob, etcd), { code: "key-not-roots" });
  });
});

describe("OpenPGP", () => {
  it("is not loaded by those who have no key and no signature to read", () => {
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ resolve: (name, context, next) => { if (name === "openpgp") throw new Error("it is loaded"); return next(name, context); } });`;
    const script = `const { openKeystore } = await import("./trust/keystore.ts");
      const { createHost } = await import("./host/node-host.ts");
      for (const command of ["run", "run-prepared", "gc", "stop"]) await import("./cli/run/" + command + ".ts");
      console.log((await openKeystore(createHost(), { system: "/nowhere", local: "/nowhere" }).keysFor("example.com/none")).length);`;
    const argv = [`--import=data:text/javascript,${encodeURIComponent(hook)}`, "--input-type=module", "--eval", script];
    assert.equal(execFileSync(process.execPath, argv, { cwd: join(import.meta.dirname, "../../src"), encoding: "utf8" }), "0\n");
  });
});
