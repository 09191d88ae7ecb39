import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { ArchiveEntry } from "../../src/image/archive/entry.ts";
import { planLayers } from "../../src/image/layers.ts";
import { renderImage } from "../../src/image/render.ts";
import { createTreeWriter } from "../../src/image/tree-writer.ts";
import type { StoredImage } from "../../src/store/image.ts";
import { openTestStore } from "../lib/image-store.ts";
import { aciBytes, type TarEntry, testManifest } from "../lib/tar-bytes.ts";

const test = openTestStore();
after(() => test.close());

const isRoot = test.host.uid === 0;
const options = { ownership: isRoot };

async function render(entries: readonly TarEntry[], manifest: object = {}): Promise<string> {
  const image = await test.fetch(aciBytes(entries, testManifest(manifest)));
  const { layers } = await renderImage(test, image, options);
  return layers[0] ?? "";
}

const file = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({ name, data: "content", ...more });
const directory = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({ name, type: "5", mode: 0o755, ...more });

describe("renderImage", () => {
  it("keeps content, modes with setuid, links, hard links, fifos and times, those of directories too", async () => {
    const top = await render([
      directory("rootfs/bin", { mode: 0o1777, mtime: 1000 }),
      file("rootfs/bin/su", { mode: 0o4755, pax: { mtime: "1500000000.123456789" } }),
      { name: "rootfs/bin/hard", type: "1", link: "rootfs/bin/su" },
      { name: "rootfs/bin/link", type: "2", link: "/etc/../../../outside", mtime: 2000 },
      { name: "rootfs/bin/fifo", type: "6", mode: 0o622 },
      file("rootfs/deep/er/implied"),
      file("rootfs/bin/last"),
    ]);
    const su = fs.statSync(join(top, "bin/su"), { bigint: true });
    assert.equal(fs.readFileSync(join(top, "bin/hard"), "utf8"), "content");
    assert.deepEqual([su.mode & 0o7777n, su.nlink, su.mtimeNs], [0o4755n, 2n, 1_500_000_000_123_456_789n]);
    assert.equal(fs.readlinkSync(join(top, "bin/link")), "/etc/../../../outside");
    assert.equal(fs.lstatSync(join(top, "bin/link")).mtimeMs, 2_000_000);
    assert.ok(fs.statSync(join(top, "bin/fifo")).isFIFO());
    const bin = fs.statSync(join(top, "bin"));
    assert.deepEqual([bin.mode & 0o7777, bin.mtimeMs], [0o1777, 1_000_000]);
    assert.deepEqual([fs.statSync(join(top, "deep/er")).mode & 0o7777, fs.statSync(join(top, "deep/er")).mtimeMs], [0o755, 0]);
  });

  it("keeps names that are not UTF-8, and directories that nobody may read", async () => {
    const top = await render([directory("rootfs/closed", { mode: 0 }), file("rootfs/closed/\xff\xfe")]);
    assert.equal(fs.statSync(join(top, "closed")).mode & 0o7777, 0);
    if (!isRoot) fs.chmodSync(join(top, "closed"), 0o700);
    assert.deepEqual(fs.readdirSync(join(top, "closed"), "buffer"), [Buffer.from([0xff, 0xfe])]);
  });

  it("keeps user attributes byte by byte and none that steers an overlay", async () => {
    const value = Buffer.from([0, 0xff, 10, 0xc0]);
    const top = await render([file("rootfs/a", { pax: { "SCHILY.xattr.user.note": value, "SCHILY.xattr.user.overlay.opaque": "y" } })]);
    const names = test.host.raw.listXattrs(join(top, "a")).filter((name) => name.startsWith("user."));
    assert.deepEqual([names, test.host.raw.getXattr(join(top, "a"), "user.note")], [["user.note"], value]);
  });

  it("gives owners, devices and capabilities when it runs as root", async () => {
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    const entries = [
      directory("rootfs/dev"),
      { name: "rootfs/dev/null", type: "3", mode: 0o666, major: 1, minor: 3 },
      file("rootfs/setuid", { mode: 0o6755, uid: 7, gid: 8 }),
      file("rootfs/ping", { uid: 0, gid: 9, mode: 0o755, pax: { "SCHILY.xattr.security.capability": capability } }),
      { name: "rootfs/link", type: "2", link: "x", uid: 5, gid: 6 },
    ];
    const top = await render(entries);
    const owner = (name: string) => [fs.lstatSync(join(top, name)).uid, fs.lstatSync(join(top, name)).gid];
    if (!isRoot) {
      assert.deepEqual([fs.existsSync(join(top, "dev/null")), owner("setuid")[0]], [false, test.host.uid]);
      return;
    }
    assert.deepEqual([owner("setuid"), owner("link"), fs.statSync(join(top, "setuid")).mode & 0o7777], [[7, 8], [5, 6], 0o6755]);
    assert.equal(fs.statSync(join(top, "dev/null")).rdev, 0x103);
    assert.deepEqual(test.host.raw.getXattr(join(top, "ping"), "security.capability"), capability);
  });

  it("renders once: a second call changes nothing, and a tree counts in the image's size", async () => {
    const image = await test.fetch(aciBytes([file("rootfs/once", { data: "x".repeat(5000) })]));
    const first = await renderImage(test, image, options);
    const before = fs.statSync(first.layers[0] ?? "").ino;
    const second = await renderImage(test, image, options);
    assert.deepEqual([second.layers, fs.statSync(second.layers[0] ?? "").ino], [first.layers, before]);
    assert.equal(test.store.get(image.id)?.size, image.size + 5000);
  });

  it("refuses a blob that the disk has changed, and leaves no tree", async () => {
    const image = await test.fetch(aciBytes([file("rootfs/damaged", { data: "y".repeat(600) })]));
    const blob = fs.openSync(test.store.blobPath(image.id), "r+");
    fs.writeSync(blob, "Z", 2600);
    fs.closeSync(blob);
    await assert.rejects(renderImage(test, image, options), { code: /store-blob-damaged|archive-bad/ });
    assert.equal(test.store.hasTree(image.id), false);
    assert.deepEqual(fs.readdirSync(join(test.folder, "data/cas/tmp")), []);
  });
});

describe("pathWhitelist", () => {
  it("leaves only what it names; directories stay, also a hard link whose other name goes", async () => {
    const entries = [
      directory("rootfs/d"),
      file("rootfs/d/kept"),
      file("rootfs/d/gone"),
      { name: "rootfs/d/hard", type: "1", link: "rootfs/d/gone" },
    ];
    const top = await render(entries, { pathWhitelist: ["/d/kept", "/d/hard", "/none"] });
    assert.deepEqual(fs.readdirSync(join(top, "d")).toSorted(), ["hard", "kept"]);
    assert.equal(fs.readFileSync(join(top, "d/hard"), "utf8"), "content");
  });
});

describe("dependencies", () => {
  const add = (name: string, entries: readonly TarEntry[], more: object = {}): Promise<StoredImage> =>
    test.fetch(aciBytes(entries, testManifest({ name, ...more })));
  const on = (...names: string[]): object => ({ dependencies: names.map((imageName) => ({ imageName })) });

  it("come below their image, the last listed highest, each followed by its own, none twice", async () => {
    await add("dep/base", [file("rootfs/base")]);
    await add("dep/one", [file("rootfs/one")], on("dep/base"));
    await add("dep/two", [file("rootfs/two")], on("dep/base"));
    const top = await add("dep/top", [file("rootfs/top")], on("dep/one", "dep/two"));
    assert.deepEqual(
      planLayers(test.store, top).map((layer) => layer.image.name),
      ["dep/top", "dep/two", "dep/base", "dep/one"],
    );
    const { layers, images } = await renderImage(test, top, options);
    assert.deepEqual(
      layers.map((layer) => fs.readdirSync(layer)),
      [["top"], ["two"], ["base"], ["one"]],
    );
    assert.equal(images.length, 4);
  });

  it("are filtered by the whitelist of the nearest image above, in a tree of their own", async () => {
    const base = await add("dep/filtered", [directory("rootfs/d"), file("rootfs/d/a"), file("rootfs/d/b"), directory("rootfs/empty")]);
    const top = await add("dep/filter", [], { pathWhitelist: ["/d", "/d/a"], ...on("dep/filtered") });
    const plain = await renderImage(test, base, options);
    const filtered = await renderImage(test, top, options);
    assert.notEqual(plain.layers[0], filtered.layers[1]);
    assert.deepEqual(fs.readdirSync(filtered.layers[1] ?? "", { recursive: true }), ["d", "d/a"]);
    assert.deepEqual(fs.readdirSync(plain.layers[0] ?? "").toSorted(), ["d", "empty"]);
  });

  it("that are missing or lead back are refused by name", async () => {
    const lonely = await add("dep/lonely", [], on("dep/nowhere"));
    await assert.rejects(renderImage(test, lonely, options), { code: "store-no-image", message: /"dep\/nowhere", on which it depends/ });
    const first = await add("dep/circle-a", [], on("dep/circle-b"));
    await add("dep/circle-b", [], on("dep/circle-a"));
    await assert.rejects(renderImage(test, first, options), { code: "image-dependency-cycle" });
  });
});

describe("createTreeWriter, when the disk is not as the archive says", () => {
  const entry = (path: string, more: Partial<ArchiveEntry> = {}): ArchiveEntry => ({
    path: ["rootfs", ...path.split("/")],
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    linkPath: [],
    target: "",
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...more,
  });
  const setUp = () => {
    const top = fs.mkdtempSync(join(test.folder, "tree-"));
    fs.symlinkSync(test.folder, join(top, "link"));
    return createTreeWriter(test.host.raw, top, { ownership: false });
  };

  it("does not write through a link, the second wall behind the outline", () => {
    const evil = entry("link/escaped");
    assert.throws(() => setUp().add(evil, evil.path.slice(1)), { code: "archive-bad", message: /it is symlink/ });
    assert.equal(fs.existsSync(join(test.folder, "escaped")), false);
  });

  it("does not open, replace or link through a link", () => {
    test.put("target", "kept");
    const over = entry("link");
    assert.throws(() => setUp().add(over, ["link"]), /EEXIST/);
    const hard = entry("hard", { type: "link", linkPath: ["rootfs", "link", "target"] });
    assert.throws(() => setUp().add(hard, ["hard"]), { code: "archive-bad" });
    assert.throws(() => setUp().add(entry("link", { type: "directory" }), ["link"]), /EEXIST/);
    assert.equal(fs.readFileSync(join(test.folder, "target"), "utf8"), "kept");
  });
});
