import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { createHost } from "../../src/host/node-host.ts";
import { fetchImage } from "../../src/image/fetch.ts";
import { renderImage } from "../../src/image/render.ts";
import { readPublicKeys } from "../../src/trust/keys.ts";
import { parseAcIdentifier } from "../../src/base/id.ts";
import { Died, makeDyingHost } from "../lib/dying-host.ts";
import { openTestStore, type TestStore } from "../lib/image-store.ts";
import { aciBytes, tarBytes, testManifest } from "../lib/tar-bytes.ts";
import { openGpg } from "./trust-gpg.ts";

const gpg = openGpg();
after(() => gpg.close());
gpg.makeKey("maker");
gpg.makeKey("other");
const test = openTestStore();
after(() => test.close());

async function trust(store: TestStore, name: string, prefix: string | undefined): Promise<void> {
  const [key] = await readPublicKeys(gpg.exportKey(name));
  assert.ok(key);
  await store.keystore.add(key, prefix === undefined ? "root" : { prefix: parseAcIdentifier(prefix) });
}

const packed = (text: string, name = "example.com/test"): Buffer =>
  gzipSync(aciBytes([{ name: "rootfs/file", data: text }], testManifest({ name })));

/** An image file with a signature beside it. */
function putSigned(name: string, data: Buffer, signed: Buffer = data, key = "maker"): string {
  test.put(`${name}.asc`, gpg.sign(key, signed));
  return test.put(name, data);
}

const contentOfStore = (): string[] => test.names().filter((name) => /sha512-|tmp\//.test(name));

/** The fetch is refused, and the store is as it was. */
async function refuse(path: string, expected: object, options = {}): Promise<void> {
  const before = contentOfStore();
  await assert.rejects(fetchImage(test, path, options), expected);
  assert.deepEqual(contentOfStore(), before);
}

describe("fetchImage, before any key is trusted", () => {
  it("refuses a signed image and says whose signature it is", () =>
    refuse(putSigned("untrusted.aci", packed("x")), { code: "signature-unknown-signer", message: /not trusted/ }));
});

describe("fetchImage", () => {
  it("fetches what a trusted key has signed, and records by whom", async () => {
    await trust(test, "maker", "example.com/test");
    const data = packed("signed");
    const image = await fetchImage(test, putSigned("signed.aci", data));
    assert.equal(image.name, "example.com/test");
    assert.equal(image.signatures[0]?.signedDigest, `sha512-${createHash("sha512").update(data).digest("hex")}`);
    assert.equal(test.store.get(image.id)?.source, join(test.folder, "signed.aci"));
    assert.equal(fs.statSync(test.store.blobPath(image.id)).size % 512, 0);
    assert.equal((await fetchImage(test, "example.com/test")).id, image.id);
  });

  it("verifies a file each time, also when its content is in the store", async () => {
    const path = putSigned("again.aci", packed("again"));
    await fetchImage(test, path);
    fs.rmSync(`${path}.asc`);
    await refuse(path, { code: "image-no-signature", message: /again\.aci\.asc/ });
  });

  it("takes a signature from elsewhere, armored or binary", async () => {
    const data = packed("elsewhere");
    const path = test.put("elsewhere.aci", data);
    const binary = test.put("elsewhere.sig", gpg.sign("maker", data, []));
    assert.equal((await fetchImage(test, path, { signature: binary })).signatures.length, 1);
    await refuse(path, { code: "signature-unreadable" }, { signature: join(test.folder, "missing.asc") });
  });

  it("refuses an altered image, and one that was altered and is no archive any more", async () => {
    const data = packed("altered");
    const altered = Buffer.concat([data.subarray(0, 40), Buffer.from([(data[40] ?? 0) ^ 1]), data.subarray(41)]);
    await refuse(putSigned("altered.aci", altered, data), { code: "signature-bad", message: /does not match/ });
    await refuse(putSigned("replaced.aci", packed("replaced"), data), { code: "signature-bad" });
  });

  it("refuses a key that is trusted for another name only, and says what would trust it", async () => {
    const path = putSigned("foreign.aci", packed("foreign", "example.org/foreign"));
    await refuse(path, {
      code: "signature-unknown-signer",
      message: /"example\.org\/foreign": .*not trusted for that name/,
      hint: /--prefix=example\.org\/foreign/,
    });
    await refuse(putSigned("stranger.aci", packed("stranger"), undefined, "other"), { code: "signature-unknown-signer" });
  });

  it("takes any name from a root key", async () => {
    const rooted = openTestStore();
    await trust(rooted, "other", undefined);
    const data = packed("rooted", "anything/at-all");
    const image = await fetchImage(rooted, putSigned("rooted.aci", data, data, "other"));
    assert.equal(image.name, "anything/at-all");
    rooted.close();
  });

  it("fetches unverified when told so, and records that nothing was verified", async () => {
    const image = await test.fetch(packed("insecure"));
    assert.deepEqual(image.signatures, []);
  });

  it("refuses names that the store lacks, missing files, directories, OCI references", async () => {
    await refuse("example.com/none", { code: "store-no-image", message: /cannot look for names on the network/ });
    await refuse("/nowhere/x.aci", { code: "image-unreadable", message: /no such file/ });
    await refuse(test.folder, { code: "image-unreadable", message: /it is a directory/ });
    await refuse(
      putSigned("here.aci", packed("here")),
      { code: "signature-unreadable", message: /no such file/ },
      { signature: "/nowhere/x.asc" },
    );
    await refuse("/nowhere/x.aci", { code: "image-unreadable", message: /no such file/ }, { insecure: new Set(["image"]) });
    await refuse(test.folder, { code: "image-unreadable", message: /it is a directory/ }, { insecure: new Set(["image"]) });
    await refuse("docker://busybox", { code: "image-source-unsupported" });
  });
});

describe("compressions", () => {
  const data = aciBytes([{ name: "rootfs/file", data: Buffer.alloc(300_000, "compressible ") }]);
  const compress: Record<string, (bytes: Buffer) => Buffer> = {
    none: (bytes) => bytes,
    gzip: (bytes) => gzipSync(bytes),
    zstd: (bytes) => zstdCompressSync(bytes),
    xz: (bytes) => execFileSync("xz", ["--stdout"], { input: bytes }),
    bzip2: (bytes) => execFileSync("bzip2", ["--stdout"], { input: bytes }),
  };
  const id = `sha512-${createHash("sha512").update(data).digest("hex")}`;
  for (const [name, pack] of Object.entries(compress)) {
    it(`${name}: the ID is that of the uncompressed archive`, async () => assert.equal((await test.fetch(pack(data))).id, id));
    it(`${name}: a truncated archive, though signed as such, leaves nothing`, async () => {
      const whole = pack(aciBytes([{ name: "rootfs/file", data: `cut ${name}` }]));
      for (const cut of [6, Math.floor(whole.length / 2), whole.length - 1]) {
        await refuse(putSigned(`cut-${name}.aci`, whole.subarray(0, cut)), { code: "archive-bad", message: /truncated|no tar archive/ });
      }
    });
    it(`${name}: garbage behind the archive is refused`, async () => {
      const whole = pack(aciBytes([{ name: "rootfs/file", data: `more ${name}` }]));
      await refuse(putSigned(`more-${name}.aci`, Buffer.concat([whole, Buffer.from("garbage".repeat(100))])), { code: "archive-bad" });
    });
  }
  it("a bomb is stopped at the limit", async () => {
    const bomb = test.put("bomb.aci", gzipSync(Buffer.concat([tarBytes([], Buffer.alloc(0)), Buffer.alloc(50_000_000)])));
    const limits = { totalBytes: 1_000_000, entries: 100, nameBytes: 1000, manifestBytes: 1000 };
    await refuse(bomb, { code: "archive-bad", message: /more than 1000000 bytes/ }, { insecure: new Set(["image"]), limits });
  });
});

describe("a process that dies at any change of the disk", () => {
  const data = packed("whole");
  const file = "file";
  const work = async (store: TestStore): Promise<void> => {
    const image = await store.fetch(data);
    await renderImage(store, image, { ownership: store.host.uid === 0 });
  };

  it("leaves no image and no tree that is not whole, and the next one cleans up", async (context) => {
    const counter = makeDyingHost(createHost());
    const counted = openTestStore(counter.host);
    await work(counted);
    counted.close();
    const points = counter.changes();
    for (let at = 1; at <= points; at += 1) await dieAt(at);
    context.diagnostic(`${points} points`);
    assert.ok(points > 40);
  });

  async function dieAt(at: number): Promise<void> {
    const dying = makeDyingHost(createHost(), at);
    const store = openTestStore(dying.host);
    await assert.rejects(work(store), (error) => isDeath(error), `point ${at}`);
    assert.ok(dying.isDead());
    const after = openTestStore();
    fs.rmSync(join(after.folder, "data"), { recursive: true, force: true });
    if (fs.existsSync(join(store.folder, "data"))) fs.renameSync(join(store.folder, "data"), join(after.folder, "data"));
    checkWhole(after, at);
    await work(after);
    checkWhole(after, at);
    const left = after.names().filter((name) => /tmp\/|\.tmp$/.test(name));
    assert.deepEqual(left, [], `point ${at}`);
    assert.equal(after.store.images().length, 1);
    store.close();
    after.close();
  }

  function isDeath(error: unknown): boolean {
    return (
      error instanceof Died ||
      (error instanceof Error && (isDeath(error.cause) || error.message.includes("died at") || error.message === "dead"))
    );
  }

  function checkWhole({ store }: TestStore, at: number): void {
    for (const image of store.images()) {
      const blob = fs.readFileSync(store.blobPath(image.id));
      assert.equal(`sha512-${createHash("sha512").update(blob).digest("hex")}`, image.id, `point ${at}`);
    }
    for (const tree of store.trees()) assert.equal(fs.readFileSync(join(tree.path, file), "utf8"), "whole", `point ${at}`);
  }
});
