import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runRkt } from "../lib/program.ts";
import type { Result } from "../lib/run.ts";
import { openGpg } from "./trust-gpg.ts";

// Keys and stores belong to root: without being root their files would be refused.
const skip = process.getuid?.() !== 0 && "needs root";
const directory = fs.mkdtempSync(join(tmpdir(), "rkt-cli-"));
const gpg = openGpg();
let id = "";
let fingerprint = "";

after(() => {
  gpg.close();
  fs.rmSync(directory, { recursive: true, force: true });
});

before(() => {
  fingerprint = gpg.makeKey("maker");
  fs.writeFileSync(join(directory, "key.asc"), gpg.exportKey("maker"));
  const aci = makeAci("example.com/app", "1.0");
  id = `sha512-${createHash("sha512").update(fs.readFileSync(aci)).digest("hex")}`;
  fs.writeFileSync(`${aci}.asc`, gpg.sign("maker", fs.readFileSync(aci)));
});

function makeAci(name: string, version: string, more: object = {}): string {
  const tree = fs.mkdtempSync(join(directory, "aci-"));
  const labels = Object.entries({ version, os: "linux", arch: "amd64" }).map(([label, value]) => ({ name: label, value }));
  fs.writeFileSync(join(tree, "manifest"), JSON.stringify({ acKind: "ImageManifest", acVersion: "0.8.11", name, labels, ...more }));
  fs.mkdirSync(join(tree, "rootfs/bin"), { recursive: true });
  fs.writeFileSync(join(tree, "rootfs/bin/app"), "#!/bin/sh\n", { mode: 0o755 });
  const aci = join(directory, `${name.replaceAll("/", "-")}-${version}.aci`);
  execFileSync("tar", ["--create", `--file=${aci}`, "--format=ustar", `--directory=${tree}`, "manifest", "rootfs"]);
  return aci;
}

async function rkt(words: readonly string[], answer?: string): Promise<Result> {
  const places = [`--dir=${directory}/data`, `--local-config=${directory}/etc`, `--system-config=${directory}/lib`];
  return await runRkt([...places, ...words], answer === undefined ? {} : { answer });
}

const image = (name: string): string => join(directory, `${name}.aci`);
const key = join(directory, "key.asc");

test("a signed image is refused before its key is trusted", { skip }, async () => {
  const { status, stderr, stdout } = await rkt(["fetch", image("example.com-app-1.0")]);
  assert.equal(status, 254);
  assert.equal(stdout, "");
  assert.match(stderr, /^fetch: Cannot verify .*not trusted/);
});

test("trust needs to be told for what, and asks a terminal only", { skip }, async () => {
  assert.match((await rkt(["trust", key])).stderr, /neither --prefix nor --root/);
  assert.match((await rkt(["trust", "--root", "--prefix=a", key])).stderr, /both --prefix and --root/);
  assert.match((await rkt(["trust", "--prefix=https://example.com", key])).stderr, /it is a URL/);
  assert.match((await rkt(["trust", "--root", "ftp://example.com/key"])).stderr, /it is not https/);
  assert.match((await rkt(["trust", "--root", join(directory, "none")])).stderr, /Cannot read the public key/);
  const noKey = join(directory, "no-key");
  fs.writeFileSync(noKey, "no key");
  const several = await rkt(["trust", "--root", "--skip-fingerprint-review", key, noKey]);
  assert.ok(several.stderr.startsWith(`trust: Cannot read the public key "${noKey}": it is no OpenPGP public key`), several.stderr);
  const unasked = await rkt(["trust", "--prefix=example.com", key]);
  assert.equal(unasked.status, 254);
  assert.match(unasked.stderr, /gpg key fingerprint is: [0-9A-F ]+\n[^]*trust: Cannot ask for confirmation/);
  const declined = await rkt(["trust", "--prefix=example.com", key], "no\n");
  assert.equal(declined.status, 0);
  assert.match(declined.stderr, /Not trusting/);
  assert.equal((await rkt(["trust", "list", "--no-legend"])).stdout, "");
});

test("a trusted key is listed, and its image is fetched", { skip }, async () => {
  const trusted = await rkt(["trust", "--prefix=example.com", key], "yes\n");
  assert.equal(trusted.status, 0, trusted.stderr);
  assert.match(trusted.stderr, /Added key for prefix "example.com" at ".*\/etc\/trustedkeys\/prefix.d\/example.com\/[0-9a-f]{40}"/);
  const again = await rkt(["trust", "--prefix=example.com", key], "yes\n");
  assert.match(again.stderr, /The key is there already for prefix "example.com", at ".*\/[0-9a-f]{40}"\n$/);
  assert.doesNotMatch(again.stderr, /Added/);
  const { stdout } = await rkt(["trust", "list", "--no-legend"]);
  assert.match(stdout, new RegExp(`^${fingerprint}\\s+example.com\\s+trusted\\s+maker\\s+/`));
  const [listed] = JSON.parse((await rkt(["trust", "list", "--format=json"])).stdout) as { state: string; identities: string[] }[];
  assert.deepEqual([listed?.state, listed?.identities], ["trusted", ["maker"]]);
  const fetched = await rkt(["fetch", image("example.com-app-1.0")]);
  assert.equal(fetched.status, 0, fetched.stderr);
  assert.equal(fetched.stdout, `${id.slice(0, 39)}\n`);
  assert.equal((await rkt(["fetch", "--full", "example.com/app:1.0,os=linux,arch=amd64"])).stdout, `${id}\n`);
});

test("fetch refuses what it would have to ignore", { skip }, async () => {
  assert.match((await rkt(["fetch", "--signature=x", "a.aci", "b.aci"])).stderr, /Cannot use --signature/);
  assert.match((await rkt(["fetch", "--signature=x", "example.com/app"])).stderr, /Cannot use --signature/);
  assert.match((await rkt(["fetch", "--store-only", "--no-store", "x"])).stderr, /exclude each other/);
  assert.match((await rkt(["fetch", "--pull-policy=never", "/none.aci"])).stderr, /the store has none from there/);
  assert.match((await rkt(["fetch", "--stage1-path=/x", "--stage1-name=x.com/y", "y"])).stderr, /both choose the stage1/);
  assert.match((await rkt(["fetch", "docker://busybox"])).stderr, /yet/);
});

test("an image without signature is stored only where that is asked for, with a warning", { skip }, async () => {
  const other = makeAci("example.com/other", "2");
  assert.match((await rkt(["fetch", other])).stderr, /it has no signature/);
  const { status, stderr } = await rkt(["--insecure-options=image", "fetch", other]);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "warning: image signature verification has been disabled\n");
});

test("image list prints columns, fields in order, whole values and JSON", { skip }, async () => {
  const { stdout } = await rkt(["image", "list", "--sort=name"]);
  const [header, first, second] = stdout.split("\n");
  assert.match(header ?? "", /^ID\t+NAME\t+SIZE\t+IMPORT TIME\t+LAST USED$/);
  assert.match(first ?? "", new RegExp(`^${id.slice(0, 19)}\\t+example.com/app:1.0\\t+\\d+(\\.\\d)?KiB\\t+.*(ago|now)`));
  assert.match(second ?? "", /example.com\/other:2/);
  const names = await rkt(["image", "list", "--fields=name,id", "--sort=name", "--order=desc", "--full", "--no-legend"]);
  assert.match(names.stdout, new RegExp(`^example.com/other:2\\t+sha512-[0-9a-f]{128}\nexample.com/app:1.0\\t+${id}\n$`));
  const list = JSON.parse((await rkt(["image", "list", "--sort=name", "--format=json"])).stdout) as Record<string, unknown>[];
  assert.deepEqual(Object.keys(list[0] ?? {}), ["id", "name", "import_time", "last_used_time", "size"]);
  assert.match((await rkt(["image", "list", "--fields=latest"])).stderr, /no such field/);
  assert.match((await rkt(["image", "list", "--sort=id"])).stderr, /The fields are name, importtime, lastused, size/);
});

test("image cat-manifest and export give back what was fetched", { skip }, async () => {
  const { stdout } = await rkt(["image", "cat-manifest", id.slice(0, 12)]);
  assert.equal((JSON.parse(stdout) as { name: string }).name, "example.com/app");
  assert.ok(stdout.includes("\n\t"));
  assert.equal((await rkt(["image", "cat-manifest", "--pretty-print=false", id])).stdout.split("\n").length, 2);
  const file = join(directory, "out.aci");
  assert.equal((await rkt(["image", "export", id, file])).status, 0);
  assert.equal(`sha512-${createHash("sha512").update(fs.readFileSync(file)).digest("hex")}`, id);
  assert.match((await rkt(["image", "export", id, file])).stderr, /it exists/);
  assert.equal((await rkt(["image", "export", "--overwrite", id, file])).status, 0);
});

test("image verify says what is not rendered", { skip }, async () => {
  const { status, stdout } = await rkt(["image", "verify", id]);
  assert.deepEqual([status, stdout], [0, `image "example.com/app:1.0": not rendered; no verification needed\n`]);
});

test("image rm goes on after one that cannot be removed", { skip }, async () => {
  const { status, stdout, stderr } = await rkt(["image", "rm", "example.com/none", "example.com/app"]);
  assert.equal(status, 254);
  assert.equal(stdout, `successfully removed aci for image: "${id}"\n`);
  assert.match(stderr, /the store has none\n[^]*1 image\(s\) successfully removed\n1 image\(s\) cannot be removed\n$/);
  assert.match((await rkt(["image", "list", "--no-legend"])).stdout, /^sha512-[0-9a-f]{12}\texample.com\/other:2\t[^\n]*\n$/);
});

test("a key comes from a URL, by http only where that is allowed", { skip }, async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/key.asc" ? 200 : 404;
    response.end(fs.readFileSync(key));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/key.asc`;
  try {
    assert.match((await rkt(["trust", "--root", "--skip-fingerprint-review", url])).stderr, /it is not https/);
    assert.match((await rkt(["trust", "--root", "--insecure-allow-http", `${url}.none`])).stderr, /the server has no such file/);
    const { status, stderr } = await rkt(["trust", "--root", "--skip-fingerprint-review", "--insecure-allow-http", url]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Added key for all images at /);
  } finally {
    server.close();
  }
  assert.equal((await rkt(["trust", "rm", "--root", fingerprint])).status, 0);
});

test("trust rm takes the end of a fingerprint, and the image is refused again", { skip }, async () => {
  assert.match((await rkt(["trust", "rm", "abc"])).stderr, /At least 8 hex digits/);
  assert.match((await rkt(["trust", "rm", "00000000"])).stderr, /it is not trusted/);
  assert.match((await rkt(["trust", "rm", "--root", fingerprint])).stderr, /not trusted for all images/);
  const { status, stderr } = await rkt(["trust", "rm", fingerprint.slice(-16).toUpperCase(), "--prefix=example.com"]);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^Removed key for prefix "example.com" at /);
  assert.equal((await rkt(["fetch", image("example.com-app-1.0")])).status, 254);
});

/** As of an image that was fetched and used days ago. */
function ageRecord(id: string): void {
  const record = join(directory, "data/cas/image", `${id}.json`);
  const old = Date.now() - 3 * 86_400_000;
  fs.writeFileSync(record, JSON.stringify({ ...(JSON.parse(fs.readFileSync(record, "utf8")) as object), importTime: old }));
  fs.utimesSync(record, old / 1000, old / 1000);
}

test("image gc keeps what an image that stays depends on", { skip }, async () => {
  const insecure = "--insecure-options=image";
  const fetch = async (aci: string): Promise<string> => (await rkt([insecure, "fetch", "--full", aci])).stdout.trim();
  const base = await fetch(makeAci("example.com/base", "1"));
  const other = await fetch(makeAci("example.com/other", "1"));
  await fetch(makeAci("example.com/above", "1", { dependencies: [{ imageName: "example.com/base" }] }));
  for (const id of [base, other]) ageRecord(id);
  const { stdout, stderr } = await rkt(["image", "gc"]);
  assert.match(stdout, new RegExp(other), stderr);
  assert.doesNotMatch(stdout, new RegExp(base));
});

test("one content from two places is found by either of them", { skip }, async () => {
  const [aci, copy] = [makeAci("example.com/twice", "1"), join(directory, "twice-copy.aci")];
  fs.copyFileSync(aci, copy);
  const fetch = async (policy: string, path: string): Promise<string> => {
    const { stdout, stderr } = await rkt(["--insecure-options=image", "fetch", "--full", `--pull-policy=${policy}`, path]);
    return stdout === "" ? stderr : stdout.trim();
  };
  const ids = [await fetch("update", aci), await fetch("update", copy), await fetch("never", aci), await fetch("never", copy)];
  assert.deepEqual(ids, [ids[0], ids[0], ids[0], ids[0]]);
  assert.match(ids[0] ?? "", /^sha512-/);
});

test("a file is the one of that place, whatever its name is said from", { skip }, async () => {
  const folders = ["here", "there"].map((name) => join(directory, name));
  const ids: string[] = [];
  const start = process.cwd();
  try {
    for (const [index, folder] of folders.entries()) {
      fs.mkdirSync(folder);
      fs.renameSync(makeAci(`example.com/place${index}`, "1"), join(folder, "app.aci"));
      process.chdir(folder);
      for (const policy of ["new", "never"])
        ids.push((await rkt(["--insecure-options=image", "fetch", "--full", `--pull-policy=${policy}`, "./app.aci"])).stdout.trim());
    }
  } finally {
    process.chdir(start);
  }
  assert.equal(new Set(ids).size, 2);
  assert.deepEqual([ids[0], ids[2]], [ids[1], ids[3]]);
});
