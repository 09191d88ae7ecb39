import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";
import { engineOfImage } from "../../src/spec/stage1-manifest.ts";
import { builtInEngine, builtInEngineOfFile, parseStage1 } from "../../src/spec/stage1-name.ts";
import { optionalPrograms, systemPrograms } from "../../src/stage1/kvm/system-files.ts";
import { parseVerdict, serializeVerdict, type Verdict } from "../../src/trust/verdict.ts";

function imageWith(annotations: Readonly<Record<string, string>>) {
  const named = Object.entries(annotations).map(([name, value]) => ({ name: `coreos.com/rkt/stage1/${name}`, value }));
  return parseImageManifest(JSON.stringify({ acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/mine", annotations: named }));
}

test("a stage1 is an engine by a name without slash, else an image", () => {
  assert.deepEqual(parseStage1("kvm:qemu"), { kind: "engine", name: "kvm:qemu" });
  for (const [text, kind] of [
    ["coreos.com/rkt/stage1-fly:1.30.0", "name"],
    ["sha512-0123", "hash"],
    ["/srv/mine.aci", "path"],
    ["https://example.com/mine.aci", "url"],
  ] as const) {
    const named = parseStage1(text);
    assert.equal(named.kind === "image" ? named.reference.kind : "engine", kind, text);
  }
  assert.throws(() => parseStage1("docker://example.com/x"), { message: /images of stage1 are ACIs/ });
  assert.throws(() => parseStage1("sha512-xyz"), { code: "image-reference-invalid" });
});

test("the original's names stand for engines of rkt", () => {
  assert.deepEqual(
    ["coreos", "src", "host", "kvm", "fly", "other", "constructor"].map((flavor) => builtInEngine(`coreos.com/rkt/stage1-${flavor}`)),
    [...["nspawn", "nspawn", "nspawn", "kvm", "fly"], ...[undefined, undefined]],
  );
  assert.equal(builtInEngine("example.com/rkt/stage1-fly"), undefined);
  assert.deepEqual([builtInEngineOfFile("stage1-kvm.aci"), builtInEngineOfFile("mine.aci")], ["kvm", undefined]);
});

test("an image names its engine, in words that are this release's", () => {
  assert.equal(engineOfImage(imageWith({ engine: "kvm:qemu", "interface-version": "7" })), "kvm:qemu");
  assert.throws(() => engineOfImage(imageWith({})), {
    code: "stage1-image",
    message: /"example\.com\/mine" as stage1: it is no image of stage1/,
  });
  assert.throws(() => engineOfImage(imageWith({ run: "/init", "interface-version": "6" })), { message: /it is for the original rkt/ });
  assert.throws(() => engineOfImage(imageWith({ engine: "nspawn" })), { message: /has version "1", and this rkt knows 7/ });
  assert.throws(() => engineOfImage(imageWith({ engine: "nspawn", "interface-version": "8" })), { message: /has version "8"/ });
});

test("a verdict tells the key, or the file that root put there", () => {
  const verdict = {
    format: 1,
    uuid: "0c9d4b4e-1f0e-4c1b-9f4e-8a5f1b2c3d4e",
    pod: "web",
    plan: "0".repeat(64),
    images: [
      { id: `sha512-${"a".repeat(128)}`, name: "example.com/web", fingerprint: "b".repeat(40) },
      { id: `sha512-${"c".repeat(128)}`, name: "coreos.com/rkt/stage1-coreos", file: "/usr/lib/rkt/stage1-images/stage1-coreos.aci" },
    ],
    decidedAt: 1,
    policy: "trusted-keys",
  } as unknown as Verdict;
  assert.deepEqual(parseVerdict(serializeVerdict(verdict)), verdict);
});

test("what units of pods and guests execute is in an image", () => {
  const root = join(import.meta.dirname, "../..");
  const carried = new Set([...systemPrograms.flat(), ...optionalPrograms, "/usr/lib/rkt/guest"]);
  const executed = globSync(["units/{stage1,guest}/*.service", "src/stage1/tree/boot-script.ts"], { cwd: root }).flatMap((path) => {
    const lines = readFileSync(join(root, path), "utf8").split("\n");
    return lines.flatMap((line) => line.match(/(?<=[=\s"`(])(\/usr)?\/(bin|lib\/systemd|lib\/rkt)\/[\w-]+/g) ?? []);
  });
  const programs = executed.map((program) => (program.startsWith("/usr") ? program : `/usr${program}`));
  assert.ok(programs.includes("/usr/bin/setpriv"));
  assert.deepEqual(
    programs.filter((program) => !carried.has(program)),
    [],
  );
});
