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
import { type Keystore, openKeystore } from "../../src/trust/keystore.ts";
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

describe("facts of keys", () => {
  const name = parseAcIdentifier("coreos.com/etcd");
  const memoryOf = () => join(folder, `${round}/run/keys`);
  const remembering = (version = "1") => openKeystore(host, directories, { owner: host.uid, memory: { directory: memoryOf(), version } });
  const readBy = async (keystore: Keystore): Promise<unknown[]> =>
    (await keystore.factsFor(name)).map(({ key: { fingerprint, revoked, expires, identities } }) => [
      fingerprint,
      revoked,
      expires,
      identities,
    ]);
  const kept = (): string[] => host.files.tryList(memoryOf()).map((file) => join(memoryOf(), file));
  /** Another name for the key, which only the memory has. */
  function mark(change: (record: Record<string, unknown>) => unknown = (record) => record): void {
    for (const path of kept()) {
      const record = JSON.parse(fs.readFileSync(path, "utf8").replaceAll('"ann"', '"remembered"')) as Record<string, unknown>;
      fs.writeFileSync(path, JSON.stringify(change(record)));
    }
  }

  it("are those of the keys, and are remembered", async () => {
    await remembering().add(ann, "root");
    const facts = await remembering().factsFor(name);
    assert.deepEqual(
      facts.map(({ path, key }) => ({ path, key: { ...key, openpgp: undefined } })),
      (await remembering().keysFor(name)).map(({ path, key }) => ({ path, key: { ...key, openpgp: undefined } })),
    );
    mark();
    assert.deepEqual(await readBy(remembering()), [[ann.fingerprint, false, undefined, ["remembered"]]]);
  });

  it("are read again by another version, the next day, from a file that changed, and where the memory is not root's or no record", async () => {
    const path = await remembering().add(ann, "root");
    const fresh = [[ann.fingerprint, false, undefined, ["ann"]]];
    const spoils: (() => void)[] = [
      () => mark((record) => ({ ...record, version: "2" })),
      () => mark((record) => ({ ...record, readAt: Date.now() - 86_400_001 })),
      () => mark((record) => ({ ...record, readAt: Date.now() + 3_600_000 })),
      () => mark((record) => ({ ...record, key: { ...(record["key"] as object), fingerprint: bob.fingerprint } })),
      () => mark((record) => ({ ...record, key: [] })),
      () => kept().forEach((file) => fs.writeFileSync(file, "{")),
      () => (mark(), kept().forEach((file) => fs.chmodSync(file, 0o666))),
      () => (mark(), fs.appendFileSync(path, "\n")),
    ];
    for (const spoil of spoils) {
      fs.rmSync(memoryOf(), { recursive: true, force: true });
      assert.deepEqual(await readBy(remembering()), fresh);
      assert.equal(kept().length, 1);
      spoil();
      assert.deepEqual(await readBy(remembering()), fresh, String(spoil));
    }
  });

  it("count a revocation that came to any scope", async () => {
    const key = await makeKey("dora");
    await remembering().add(key, coreos);
    assert.deepEqual(await readBy(remembering()), [[key.fingerprint, false, undefined, ["dora"]]]);
    gpg.revoke(key.fingerprint);
    const [revoked] = await readPublicKeys(gpg.exportKey("dora"));
    assert.ok(revoked !== undefined);
    await remembering().add(revoked, { prefix: parseAcIdentifier("other.com") });
    assert.deepEqual(await readBy(remembering()), [[key.fingerprint, true, undefined, ["dora"]]]);
  });

  it("are forgotten after a day, and do without a memory that cannot be written", async () => {
    await remembering().add(ann, "root");
    fs.mkdirSync(memoryOf(), { recursive: true });
    fs.writeFileSync(join(memoryOf(), "old"), "");
    fs.utimesSync(join(memoryOf(), "old"), 0, 0);
    await readBy(remembering());
    assert.equal(kept().length, 1);
    fs.rmSync(memoryOf(), { recursive: true });
    fs.writeFileSync(memoryOf(), "");
    assert.equal((await readBy(remembering())).length, 1);
  });

  it("are none of a key file that is refused, also if it was read before", async () => {
    const path = await remembering().add(ann, "root");
    await readBy(remembering());
    fs.chmodSync(path, 0o664);
    await assert.rejects(remembering().factsFor(name), { code: "key-not-roots" });
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
      console.log((await openKeystore(createHost(), { system: "/nowhere", local: "/nowhere" }).factsFor("example.com/none")).length);`;
    const argv = [`--import=data:text/javascript,${encodeURIComponent(hook)}`, "--input-type=module", "--eval", script];
    assert.equal(execFileSync(process.execPath, argv, { cwd: join(import.meta.dirname, "../../src"), encoding: "utf8" }), "0\n");
  });
});
