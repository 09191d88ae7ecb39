import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { startScript } from "../../src/apply/scripts.ts";
import { quoteShell } from "../../src/base/quote-shell.ts";
import { copyLines, layOver } from "../../src/image/copy-layers.ts";
import { renderImage } from "../../src/image/render.ts";
import { renderTree } from "../../src/image/write-tree.ts";
import { openTestStore } from "../lib/image-store.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";
import { aciBytes, type TarEntry, testManifest } from "../lib/tar-bytes.ts";

const base = fs.mkdtempSync(join(tmpdir(), "rkt-copy-"));
after(() => fs.rmSync(base, { recursive: true }));

/** Path → what stands there; parents first. "d755": a directory, ">x": a link to x, else a file's content. */
type Tree = ReadonlyMap<string, string>;

let count = 0;

function makeTree(tree: Tree): string {
  const root = join(base, `tree-${(count += 1)}`);
  fs.mkdirSync(root);
  for (const [path, what] of tree) {
    const place = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
    if (/^d\d+$/.test(what)) fs.mkdirSync(place, { mode: Number.parseInt(what.slice(1), 8) });
    else if (what.startsWith(">")) fs.symlinkSync(what.slice(1), place);
    else fs.writeFileSync(place, what);
  }
  return root;
}

function readTree(root: string): Tree {
  const found = new Map<string, string>();
  const read = (path: string): void => {
    const place = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
    const stat = fs.lstatSync(place);
    if (!stat.isDirectory())
      return void found.set(path, stat.isSymbolicLink() ? `>${fs.readlinkSync(place)}` : fs.readFileSync(place, "utf8"));
    if (path !== "") found.set(path, `d${(stat.mode & 0o777).toString(8)}`);
    for (const name of fs.readdirSync(place, "latin1")) read(path === "" ? name : `${path}/${name}`);
  };
  read("");
  return new Map([...found].toSorted());
}

/** As overlayfs shows them: the topmost decides what a name is, and all layers above one with something else there add to a directory. */
function overlay(layers: readonly Tree[]): Tree {
  const shown = new Map<string, string>();
  for (const layer of layers.toReversed()) {
    for (const [path, what] of layer) {
      if (!/^d\d+$/.test(what) || !/^d\d+$/.test(shown.get(path) ?? ""))
        for (const name of shown.keys()) if (name.startsWith(`${path}/`)) shown.delete(name);
      shown.set(path, what);
    }
  }
  return new Map([...shown].toSorted());
}

/** Topmost first. */
function copy(layers: readonly string[]): string {
  const target = join(base, `target-${(count += 1)}`);
  fs.mkdirSync(target);
  const { status, stderr } = spawnSync("sh", ["-euc", [layOver, ...copyLines(layers, quoteShell(target))].join("\n")], {
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return target;
}

const tree = (entries: Readonly<Record<string, string>>): Tree => new Map(Object.entries(entries));

describe("layers that are copied over one another", () => {
  const outside = makeTree(tree({ victim: "d755", "victim/kept": "kept", file: "kept" }));
  const lower = tree({
    a: "d700",
    "a/x": "lower x",
    "a/deep": "d755",
    "a/deep/file": "lower",
    b: "lower b",
    c: ">a",
    e: "d755",
    "e/e": "e",
  });

  const cases: Readonly<Record<string, readonly Tree[]>> = {
    "a file hides a directory": [tree({ a: "upper" }), lower],
    "a link hides a directory": [tree({ a: ">/nowhere" }), lower],
    "a link to another directory hides one": [tree({ a: ">e" }), lower],
    "a directory replaces a file": [tree({ b: "d711", "b/new": "new" }), lower],
    "a directory replaces a link to a directory": [tree({ c: "d755", "c/x": "upper x" }), lower],
    "a directory replaces a link that leads nowhere": [tree({ c: "d755" }), tree({ c: ">none" })],
    "directories are one, with the mode of the upper": [tree({ a: "d755", "a/y": "upper y", "a/deep": "d700" }), lower],
    "a file replaces a file and a link": [tree({ a: "d755", "a/x": "upper x", b: ">a", c: "upper c" }), lower],
    "what was hidden does not come back": [tree({ a: "d755", "a/z": "z" }), tree({ a: "between" }), lower],
    "a directory over a link in a directory that stays": [tree({ a: "d755", "a/deep": ">x" }), tree({ a: "d755", "a/x": "d755" }), lower],
    "names of all kinds": [
      tree({ "-rf": "d755", "a\nb": "file", "*": ">a", "\xff\xfe": "d755", " ": "d755", " /'": "x", dd: "file" }),
      tree({ "-rf": "file", "a\nb": "d755", "a\nb/c": "c", "*": "d755", "\xff\xfe": ">x", " ": "file", d: "d755", dd: "d755" }),
    ],
    "links that lead out of the tree": [
      tree({ out: "d755", "out/victim": ">x", "out/file": "d755", in: "d755", "in/out": "d755", "in/out/victim": "file" }),
      tree({ out: `>${outside}`, in: "d755", "in/out": `>${outside}` }),
    ],
    "links that lead out of the tree by the way of others": [
      tree({ out: "d755", "out/more": "d755", "out/more/victim": "file" }),
      tree({ out: ">link", link: "d755", "link/more": `>${outside}` }),
    ],
  };
  for (const [what, layers] of Object.entries(cases)) {
    it(what, () => {
      const target = copy(layers.map(makeTree));
      assert.deepEqual(readTree(target), overlay(layers));
      assert.deepEqual(readTree(outside), tree({ file: "kept", victim: "d755", "victim/kept": "kept" }));
    });
  }

  it("are as overlayfs would have them, whatever is in them", () => {
    let state = 7;
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    const makeRandom = (): Tree => {
      const entries = new Map<string, string>();
      const fill = (parent: string, depth: number): void => {
        for (const name of ["a", "b", "c"]) {
          const kind = random(5);
          if (kind === 0) continue;
          if (kind > 2 && depth < 3) {
            entries.set(`${parent}${name}`, random(2) === 0 ? "d755" : "d700");
            fill(`${parent}${name}/`, depth + 1);
          } else entries.set(`${parent}${name}`, kind === 1 ? `>${["a", "b/c", "../c", outside][random(4)]}` : `file ${random(1000)}`);
        }
      };
      fill("", 0);
      return entries;
    };
    for (let round = 0; round < 30; round += 1) {
      const layers = [makeRandom(), makeRandom(), makeRandom()];
      assert.deepEqual(readTree(copy(layers.map(makeTree))), overlay(layers), `round ${round}`);
    }
    assert.equal(fs.readFileSync(join(outside, "victim/kept"), "utf8"), "kept");
  });

  it("have hard links and times as they were", () => {
    const below = makeTree(tree({ d: "d755", "d/one": "1", "d/two": "d755", "d/two/x": "x" }));
    const above = makeTree(tree({ d: "d755", "d/two": "2" }));
    fs.linkSync(join(above, "d/two"), join(above, "d/three"));
    for (const [path, seconds] of [
      [join(below, "d"), 1000],
      [join(above, "d"), 2000],
      [join(above, "d/two"), 3000],
    ] as const)
      fs.utimesSync(path, seconds, seconds);
    const target = copy([above, below]);
    const [two, three] = ["two", "three"].map((name) => fs.statSync(join(target, "d", name)));
    assert.deepEqual([two?.ino, two?.nlink, two?.mtimeMs], [three?.ino, 2, 3_000_000]);
    assert.equal(fs.statSync(join(target, "d")).mtimeMs, 2_000_000);
  });
});

describe("an image whose layers have other things under the same names", () => {
  const store = openTestStore();
  after(() => store.close());
  const ownership = store.host.uid === 0;
  const file = (name: string): TarEntry => ({ name, data: "content" });

  const fetchTop = async () => {
    const lower = [file("rootfs/lib/file"), { name: "rootfs/bin", type: "2", link: "lib" }, file("rootfs/etc/conf/x")];
    await store.fetch(aciBytes(lower, testManifest({ name: "copy/lower" })));
    const upper = [{ name: "rootfs/lib", type: "2", link: "/usr/lib" }, file("rootfs/bin/sh"), { name: "rootfs/etc/conf", data: "file" }];
    return await store.fetch(aciBytes(upper, testManifest({ name: "copy/upper", dependencies: [{ imageName: "copy/lower" }] })));
  };
  const check = (root: string): void => {
    assert.equal(fs.readlinkSync(join(root, "lib")), "/usr/lib");
    assert.equal(fs.readFileSync(join(root, "bin/sh"), "utf8"), "content");
    assert.equal(fs.readFileSync(join(root, "etc/conf"), "utf8"), "file");
  };

  it("is written to a directory", { skip: !ownership }, async () => {
    const place = join(base, "rendered");
    await renderTree(store, await fetchTop(), place, { rootfsOnly: true, overwrite: false });
    check(place);
  });

  it("is copied by the start of a pod without overlays", async () => {
    const { layers } = await renderImage(store, await fetchTop(), { ownership });
    const directory = join(base, "pod");
    const pod = describePod({ apps: [describeApp("main", { layers })], volumes: [], copyTrees: true });
    const places = { ...pod, paths: { ...pod.paths, pod: directory } };
    const plan = { liveness: "cgroup" } as const;
    fs.mkdirSync(directory);
    const dirs = { dataDir: base, runDir: join(base, "run") };
    const { status, stderr } = spawnSync("sh", ["-c", startScript({ pod: places, dirs, generation: "1", plan })], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
    check(join(directory, "rw/main/upper"));
  });
});
