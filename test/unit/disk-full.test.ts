import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { diskFull } from "../../src/base/disk-full.ts";
import { errno, RktError } from "../../src/base/error.ts";
import { createHost } from "../../src/host/node-host.ts";
import { repairTree } from "../../src/image/check-tree.ts";
import { exportImage } from "../../src/image/export.ts";
import { fetchImage } from "../../src/image/fetch.ts";
import { planLayers } from "../../src/image/layers.ts";
import { type RenderContext, renderImage } from "../../src/image/render.ts";
import { extractTree, renderTree } from "../../src/image/write-tree.ts";
import { openStore } from "../../src/store/store.ts";
import { makeFullHost } from "../lib/full-host.ts";
import { openTestStore, type TestStore } from "../lib/image-store.ts";
import { aciBytes } from "../lib/tar-bytes.ts";

const real = createHost();
const ownership = real.uid === 0;
const content = "content ".repeat(1000);
const entries = [
  { name: "rootfs/directory", type: "5", mode: 0o755 },
  { name: "rootfs/directory/file", data: content, pax: { "SCHILY.xattr.user.note": "note" } },
  { name: "rootfs/hard", type: "1", link: "rootfs/directory/file" },
  { name: "rootfs/link", type: "2", link: "directory/file" },
  { name: "rootfs/fifo", type: "6", mode: 0o600 },
  { name: "rootfs/last", data: "last" },
];
const plain = aciBytes(entries);

/** What lies in the store, but for empty directories. */
const contentOf = (store: TestStore): string[] => store.names().filter((name) => /sha512-|tmp\/|\.tmp$/.test(name));

function checkWhole({ store, names }: TestStore, at: number): void {
  assert.deepEqual(
    names().filter((name) => /tmp\/|\.tmp$/.test(name)),
    [],
    `point ${at}`,
  );
  const blobs = names().filter((name) => /^cas\/blob\/.*\/sha512-/.test(name));
  assert.equal(blobs.length, store.images().length, `point ${at}`);
  for (const { path } of store.trees()) assert.equal(fs.readFileSync(join(path, "directory/file"), "utf8"), content, `point ${at}`);
}

describe("a disk that is full at any point of a fetch and a render", () => {
  const work = async (store: TestStore, data: Buffer): Promise<void> => {
    const image = await store.fetch(data);
    await renderImage(store, image, { ownership });
  };

  for (const [name, data] of [
    ["compressed", gzipSync(plain)],
    ["not compressed", plain],
  ] as const) {
    it(`${name}: is told as such, and leaves nothing by halves`, async (context) => {
      const counter = makeFullHost(real);
      const counted = openTestStore(counter.host);
      await work(counted, data);
      counted.close();
      context.diagnostic(`${counter.calls()} points`);
      assert.ok(counter.calls() > 30);
      for (let at = 1; at <= counter.calls(); at += 1) await fillAt(at, data);
    });
  }

  async function fillAt(at: number, data: Buffer): Promise<void> {
    const full = makeFullHost(real, { at });
    const store = openTestStore(full.host);
    const place = join(store.folder, "data/cas");
    await assert.rejects(work(store, data), (error: unknown) => {
      assert.ok(error instanceof RktError, `point ${at}: ${String(error)}`);
      const action = /^Cannot (fetch "[^"]*image-1\.aci"|render image "example\.com\/test"): the file system of "([^"]*)" is full$/;
      assert.deepEqual([error.code, action.exec(error.message)?.[2]], ["disk-full", place], `point ${at}: ${error.message}`);
      assert.match(error.hint ?? "", /"rkt image gc".*"df \/.*\/data\/cas"/);
      return true;
    });
    checkWhole(store, at);
    assert.equal(full.open.size, 0, `point ${at}`);
    // With room again all goes on: nothing is locked.
    const again = { ...store, host: real, store: openStore(real, store.store.dataDir) };
    await renderImage(again, await fetchImage(again, join(store.folder, "image-1.aci"), { insecure: new Set(["image"]) }), { ownership });
    checkWhole(store, at);
    store.close();
  }
});

describe("a disk that is full", () => {
  const test = openTestStore();
  after(() => test.close());
  const full = (code?: "ENOSPC" | "EDQUOT") => makeFullHost(real, { at: 1, ...(code === undefined ? {} : { code }) }).host;

  it("a quota that is used up is told as one", async () => {
    const quota = openTestStore(makeFullHost(real, { at: 10, code: "EDQUOT" }).host);
    await assert.rejects(quota.fetch(gzipSync(plain)), {
      code: "disk-full",
      message: /^Cannot fetch ".*": the disk quota for ".*\/data\/cas" is used up$/,
    });
    quota.close();
  });

  it("a content that the store has already stays there", async () => {
    const data = gzipSync(aciBytes([{ name: "rootfs/again", data: "again" }]));
    const { id } = await test.fetch(data);
    const before = contentOf(test);
    const record = test.store.get(id);
    const writeAtomic = full().files.writeAtomic;
    const host = { ...real, files: { ...real.files, writeAtomic } };
    const again = { ...test, host, store: openStore(host, test.store.dataDir) };
    await assert.rejects(fetchImage(again, test.put("again.aci", data), { insecure: new Set(["image"]) }), { code: "disk-full" });
    assert.deepEqual([contentOf(test), test.store.get(id)], [before, record]);
  });

  it("holds no lock of the store's that the next one waits for", () => {
    const { mkdir } = full().files;
    const host = { ...real, files: { ...real.files, mkdir } };
    test.store.stage().release();
    const store = openStore(host, test.store.dataDir);
    assert.throws(() => store.stage(), { code: "ENOSPC" });
    const gate = real.locks.tryLock(join(test.store.dataDir, "cas/tmp"), { wait: 0 });
    assert.ok(gate);
    gate.release();
  });

  it("loses what dead processes left, and trees that are removed, without room for anything new", async () => {
    const image = await test.fetch(aciBytes([{ name: "rootfs/removed", data: "removed" }]));
    await renderImage(test, image, { ownership });
    fs.mkdirSync(join(test.store.dataDir, "cas/tmp/dead"));
    const { mkdir } = full().files;
    const store = openStore({ ...real, files: { ...real.files, mkdir } }, test.store.dataDir);
    assert.throws(() => store.stage(), { code: "ENOSPC" });
    assert.deepEqual(fs.readdirSync(join(test.store.dataDir, "cas/tmp")), []);
    store.removeTree(image.id);
    assert.deepEqual([store.hasTree(image.id), fs.readdirSync(join(test.store.dataDir, "cas/tmp"))], [false, []]);
  });

  it("is told by verify, extract, render and export, with the place that is full", async () => {
    const image = await test.fetch(plain);
    await renderImage(test, image, { ownership });
    const [layer] = planLayers(test.store, image);
    assert.ok(layer);
    const folder = fs.mkdtempSync(join(test.folder, "out-"));
    const out = join(folder, "x");
    const there = {
      code: "disk-full",
      message: new RegExp(`^Cannot (write|export).* to "${out}": the file system of "${folder}" is full$`),
    };
    const options = { rootfsOnly: true, overwrite: false };
    const works: readonly (readonly [number, (context: RenderContext) => Promise<void> | void])[] = [
      [8, (context) => extractTree(context, image, out, options)],
      [4, (context) => renderTree(context, image, out, options)],
      [3, (context) => exportImage(context, image, out)],
    ];
    for (const [points, work] of works) {
      for (let at = 1; at <= points; at += 1) {
        const { host } = makeFullHost(real, { at });
        await assert.rejects(async () => await work({ host, store: test.store }), there, `point ${at}`);
        assert.deepEqual(fs.readdirSync(folder), [], `point ${at}`);
      }
    }
    const host = full();
    const context = { host, store: openStore(host, test.store.dataDir) };
    await assert.rejects(repairTree(context, layer, { ownership }), {
      code: "disk-full",
      message: /^Cannot verify image "example\.com\/test": /,
    });
  });

  it("a program that says so is the same", () => {
    for (const [words, code] of [
      ["No space left on device", "ENOSPC"],
      ["Disk quota exceeded", "EDQUOT"],
      ["Input/output error", undefined],
    ] as const) {
      const run = (): unknown =>
        real.programs.run(["sh", "-c", `echo "cp: error writing 'x': ${words}" >&2; echo cp: giving up >&2; exit 1`]);
      assert.throws(run, (error: unknown) => {
        assert.ok(error instanceof RktError && error.code === "program-failed");
        assert.equal(errno(error.cause), code);
        assert.equal(diskFull(error, "Cannot write", { place: "/srv" })?.code, code === undefined ? undefined : "disk-full");
        return true;
      });
    }
  });

  it("what else the system refuses is told with the action, and not as a bad archive", async () => {
    const image = await test.fetch(aciBytes([{ name: "rootfs/refused", data: "refused" }]));
    const create = (): never => {
      throw Object.assign(new Error("EROFS: read-only file system, open '/x\u001b'"), { code: "EROFS", syscall: "open", path: "/x\u001b" });
    };
    const host = { ...real, raw: { ...real.raw, create } };
    await assert.rejects(renderImage({ host, store: test.store }, image, { ownership }), {
      code: "store-failed",
      message: `Cannot render image "example.com/test": EROFS: read-only file system, open '/x\\x1b'`,
    });
  });
});
