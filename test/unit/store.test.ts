import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { exportImage } from "../../src/image/export.ts";
import { fetchImage } from "../../src/image/fetch.ts";
import { renderImage } from "../../src/image/render.ts";
import { lastImportFrom } from "../../src/store/sources.ts";
import { openTestStore } from "../lib/image-store.ts";
import { aciBytes, testManifest } from "../lib/tar-bytes.ts";

const test = openTestStore();
after(() => test.close());
const { store } = test;

const versioned = (version: string, more: object = {}): object =>
  testManifest({
    labels: [
      { name: "version", value: version },
      { name: "os", value: "linux" },
      { name: "arch", value: "amd64" },
    ],
    ...more,
  });
const add = (name: string, version: string) => test.fetch(aciBytes([], versioned(version, { name })));

describe("store", () => {
  it("a store that nobody has written to is empty", () => {
    assert.deepEqual(store.images(), []);
    assert.throws(() => store.find("sha512-ab"), { code: "store-no-image" });
  });

  it("finds by the beginning of an ID and refuses an ambiguous one", async () => {
    const image = await add("store/a", "1");
    assert.equal(store.find(image.id).id, image.id);
    assert.equal(store.find(image.id.slice(0, 30)).name, "store/a");
    const folder = join(test.folder, "data/cas/image");
    const record = fs.readFileSync(join(folder, `${image.id}.json`), "utf8");
    const twins = ["1", "2"].map((end) => `sha512-${"a".repeat(127)}${end}`);
    for (const twin of twins) fs.writeFileSync(join(folder, `${twin}.json`), record.replace(image.id, twin));
    assert.throws(() => store.find("sha512-aaaaaa"), { code: "store-image-ambiguous", message: /"sha512-aaaaaa": ambiguous image ID/ });
    assert.equal(store.find(twins[1] ?? "").id, twins[1]);
    for (const twin of twins) fs.unlinkSync(join(folder, `${twin}.json`));
    assert.throws(() => store.find("sha512-0"), { code: "image-reference-invalid" });
  });

  it("finds by name and labels, the newest first", async () => {
    await add("store/b", "1.0");
    const second = await add("store/b", "2.0");
    const arch = "arch=amd64";
    assert.equal(store.find(`store/b,${arch}`).id, second.id);
    assert.equal(store.find(`store/b:1.0,${arch}`).labels[0]?.value, "1.0");
    assert.equal(store.findAll(`store/b,${arch}`).length, 2);
    assert.throws(() => store.find(`store/b:3.0,${arch}`), { code: "store-no-image", message: /"store\/b:3.0,arch=amd64"/ });
    assert.throws(() => store.find("store/b,arch=i386"), { code: "store-no-image" });
  });

  it("the same content again is a later import, but no newer by name", async () => {
    const before = await add("store/c", "1");
    const second = await add("store/c", "2");
    for (const _ of [1, 2]) {
      const again = await add("store/c", "1");
      assert.equal(again.id, before.id);
      assert.ok(again.importTime > second.importTime);
      assert.equal(again.firstImportTime, before.importTime);
      assert.equal(store.find("store/c,arch=amd64").id, second.id);
    }
    const third = await add("store/c", "3");
    assert.ok(third.importTime > (store.get(before.id)?.importTime ?? 0));
    assert.equal(store.find("store/c,arch=amd64").id, third.id);
    store.remove(before.id);
    await add("store/c", "1");
    assert.equal(store.find("store/c,arch=amd64").id, before.id, "it came anew");
  });

  it("an image is found by every place that its content came from, the latest import from there first", async () => {
    const [first, second] = ["1", "2"].map((version) => aciBytes([], versioned(version, { name: "store/from" })));
    const fetchFrom = (name: string, data: Buffer | undefined) =>
      fetchImage(test, test.put(name, data ?? ""), { insecure: new Set(["image"]) });
    const from = (name: string) => store.findAllFrom(join(test.folder, name)).map(({ id }) => id);
    const one = await fetchFrom("a.aci", first);
    await fetchFrom("b.aci", first);
    assert.deepEqual([from("a.aci"), from("b.aci"), from("c.aci")], [[one.id], [one.id], []]);
    // What is at the first place changes; the old content comes again from the other.
    const two = await fetchFrom("a.aci", second);
    await fetchFrom("b.aci", first);
    assert.deepEqual([from("a.aci"), from("b.aci")], [[two.id, one.id], [one.id]]);
    await fetchFrom("a.aci", first);
    assert.deepEqual(from("a.aci"), [one.id, two.id]);
    const { source, earlierSources } = store.get(one.id) ?? assert.fail();
    assert.deepEqual(
      [source, earlierSources?.map((earlier) => earlier.source)],
      [join(test.folder, "a.aci"), [join(test.folder, "b.aci")]],
    );
    const times = ["a.aci", "b.aci", "c.aci"].map((name) => lastImportFrom(store.get(one.id) ?? assert.fail(), join(test.folder, name)));
    assert.deepEqual(times, [store.get(one.id)?.importTime, earlierSources?.[0]?.importTime, undefined]);
    assert.ok((times[1] ?? 0) < (times[0] ?? 0));
    store.remove(one.id);
    assert.deepEqual([from("a.aci"), from("b.aci")], [[two.id], []]);
  });

  it("an image keeps the last sixteen places that it came from", async () => {
    const data = aciBytes([], versioned("1", { name: "store/many" }));
    const paths = Array.from({ length: 18 }, (_, index) => test.put(`many-${index}.aci`, data));
    for (const path of paths) await fetchImage(test, path, { insecure: new Set(["image"]) });
    assert.deepEqual(
      paths.map((path) => store.findAllFrom(path).length),
      [0, 0, ...Array.from({ length: 16 }, () => 1)],
    );
  });

  it("a record that knows one place only is read, and keeps it when the content comes from another", async () => {
    const data = aciBytes([], versioned("1", { name: "store/old-record" }));
    const { id } = await test.fetch(data);
    const path = join(test.folder, `data/cas/image/${id}.json`);
    const old = { ...(JSON.parse(fs.readFileSync(path, "utf8")) as object), source: "https://old.example/x.aci", importTime: 1 };
    fs.writeFileSync(path, JSON.stringify(old));
    assert.deepEqual(store.findAllFrom("https://old.example/x.aci")[0]?.id, id);
    await test.fetch(data);
    assert.deepEqual(store.get(id)?.earlierSources, [{ source: "https://old.example/x.aci", importTime: 1 }]);
    assert.equal(store.findAllFrom("https://old.example/x.aci")[0]?.id, id);
  });

  it("touch sets the time of last use, a change of the record keeps it", async () => {
    const image = await add("store/d", "1");
    store.touch(image.id);
    const used = store.get(image.id)?.lastUsed ?? 0;
    await renderImage(test, image, { ownership: test.host.uid === 0 });
    assert.equal(Math.floor(store.get(image.id)?.lastUsed ?? 0), Math.floor(used));
    assert.ok(used >= image.importTime - 1);
  });

  it("remove takes record and blob, not the trees; removeTree takes those", async () => {
    const image = await add("store/e", "1");
    const { layers } = await renderImage(test, image, { ownership: test.host.uid === 0 });
    assert.equal(store.remove(image.id), true);
    assert.equal(store.remove(image.id), false);
    assert.equal(store.get(image.id), undefined);
    assert.equal(fs.existsSync(store.blobPath(image.id)), false);
    assert.equal(fs.existsSync(layers[0] ?? ""), true);
    assert.ok(store.trees().some(({ key, path }) => key === image.id && path === layers[0]));
    store.removeTree(image.id);
    assert.equal(store.hasTree(image.id), false);
  });

  it("group members may read records, nobody else blobs and trees", () => {
    const mode = (name: string) => (fs.statSync(join(test.folder, "data", name)).mode & 0o7777).toString(8);
    assert.deepEqual(
      [mode("cas"), mode("cas/image"), mode("cas/blob"), mode("cas/tree"), mode("cas/tmp")],
      ["2750", "2750", "700", "700", "700"],
    );
    const [record] = fs.readdirSync(join(test.folder, "data/cas/image"));
    assert.equal(mode(`cas/image/${record ?? ""}`), "640");
  });

  it("a shared lock lets others in, an exclusive one nobody", () => {
    const shared = store.tryLock({ shared: true, wait: 0 });
    assert.ok(store.tryLock({ shared: true, wait: 0 }));
    assert.equal(store.tryLock({ wait: 0 }), undefined);
    shared?.release();
  });

  it("refuses a record of another version in one sentence", () => {
    const other = openTestStore();
    other.store.stage().release();
    const id = `sha512-${"a".repeat(128)}`;
    fs.writeFileSync(join(other.folder, `data/cas/image/${id}.json`), `{"record":9}`);
    assert.throws(() => other.store.images(), { code: "store-record-bad", message: /another version/ });
    other.close();
  });
});

describe("leftovers of a writer that died", () => {
  it("blobs without record and halves of records go at the next import", async () => {
    const id = `sha512-${"b".repeat(128)}`;
    fs.mkdirSync(join(test.folder, "data/cas/blob/sha512/bb"), { recursive: true });
    fs.writeFileSync(join(test.folder, "data/cas/blob/sha512/bb", id), "half");
    fs.writeFileSync(join(test.folder, `data/cas/image/.${id}.json.0123.tmp`), "half");
    await add("store/f", "1");
    assert.deepEqual(
      test.names().filter((name) => name.includes("bbbb")),
      [],
    );
  });
});

describe("staging", () => {
  it("is removed by its maker, and by the next one when its maker was killed, but not while that lives", () => {
    const ours = store.stage();
    const module = (name: string) => new URL(`../../src/${name}`, import.meta.url).href;
    const script = `
      const { createHost } = await import(${JSON.stringify(module("host/node-host.ts"))});
      const { openStore } = await import(${JSON.stringify(module("store/store.ts"))});
      const staging = openStore(createHost(), process.argv[1]).stage();
      (await import("node:fs")).writeFileSync(staging.path + "/half", "half");
      console.log(staging.path);
      process.kill(process.pid, "SIGKILL");`;
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script, store.dataDir], { encoding: "utf8" });
    const left = child.stdout.trim();
    assert.equal(child.signal, "SIGKILL", child.stderr);
    assert.ok(fs.existsSync(join(left, "half")));
    const next = store.stage();
    assert.deepEqual([fs.existsSync(left), fs.existsSync(ours.path)], [false, true]);
    ours.release();
    next.release();
    assert.deepEqual(fs.readdirSync(join(test.folder, "data/cas/tmp")), []);
  });
});

describe("exportImage", () => {
  it("writes the uncompressed archive, replaces only when told, and leaves nothing else", async () => {
    const data = aciBytes([{ name: "rootfs/export", data: "x" }]);
    const image = await test.fetch(data);
    const folder = fs.mkdtempSync(join(test.folder, "export-"));
    const file = join(folder, "out.aci");
    exportImage(test, image, file);
    assert.deepEqual(fs.readFileSync(file), data);
    assert.throws(() => exportImage(test, image, file), { code: "export-exists" });
    fs.writeFileSync(file, "old");
    exportImage(test, image, file, { overwrite: true });
    assert.deepEqual(fs.readFileSync(file), data);
    assert.deepEqual(fs.readdirSync(folder), ["out.aci"]);
  });
});
