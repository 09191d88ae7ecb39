import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import { repairTree } from "../../src/image/check-tree.ts";
import { fetchImage } from "../../src/image/fetch.ts";
import { planLayers } from "../../src/image/layers.ts";
import { renderImage } from "../../src/image/render.ts";
import { openStore } from "../../src/store/store.ts";
import { openKeystore } from "../../src/trust/keystore.ts";

const directory = fs.mkdtempSync(join(tmpdir(), "rkt-tree-"));
after(() => fs.rmSync(directory, { recursive: true, force: true }));

const host = createHost();
const store = openStore(host, join(directory, "data"));
const options = { ownership: process.getuid?.() === 0 };

async function makeImage() {
  const tree = join(directory, "aci");
  const labels = [
    { name: "os", value: "linux" },
    { name: "arch", value: "amd64" },
  ];
  fs.mkdirSync(join(tree, "rootfs/bin"), { recursive: true });
  fs.writeFileSync(
    join(tree, "manifest"),
    JSON.stringify({ acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app", labels }),
  );
  fs.writeFileSync(join(tree, "rootfs/bin/app"), "content", { mode: 0o755 });
  fs.symlinkSync("app", join(tree, "rootfs/bin/link"));
  execFileSync("tar", ["--create", `--file=${directory}/app.aci`, `--directory=${tree}`, "manifest", "rootfs"]);
  const keystore = openKeystore(host, { system: join(directory, "none"), local: join(directory, "none") });
  return fetchImage({ host, store, keystore }, join(directory, "app.aci"), { insecure: new Set(["image"]) });
}

test("a tree is whole until something of it changes, and is replaced then", async () => {
  const image = await makeImage();
  const [layer] = planLayers(store, image);
  assert.ok(layer);
  const context = { host, store };
  assert.equal(await repairTree(context, layer, options), "absent");
  const { layers } = await renderImage(context, image, options);
  const root = layers[0] ?? "";
  assert.equal(await repairTree(context, layer, options), "whole");
  const damages: Readonly<Record<string, () => void>> = {
    content: () => fs.writeFileSync(join(root, "bin/app"), "CONTENT"),
    mode: () => fs.chmodSync(join(root, "bin/app"), 0o4755),
    time: () => fs.utimesSync(join(root, "bin"), 1, 1),
    name: () => fs.writeFileSync(join(root, "more"), ""),
    link: () => (fs.unlinkSync(join(root, "bin/link")), fs.symlinkSync("sh", join(root, "bin/link"))),
  };
  for (const [name, damage] of Object.entries(damages)) {
    damage();
    assert.equal(await repairTree(context, layer, options), "replaced", name);
    assert.equal(await repairTree(context, layer, options), "whole", name);
  }
  fs.writeFileSync(join(root, "more"), "");
  const refuse = (): void => {
    throw new Error("in use");
  };
  await assert.rejects(repairTree(context, layer, { ...options, beforeReplace: refuse }), /in use/);
  assert.ok(fs.existsSync(join(root, "more")));
});
