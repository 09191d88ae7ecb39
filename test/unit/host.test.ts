import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { hashAll, hashAlong } from "../../src/host/hash-along.ts";
import { parseHeldInodes } from "../../src/host/node-locks.ts";
import { createHost } from "../../src/host/node-host.ts";
import { BLOCKS_KEPT } from "../../src/host/read-blocks.ts";

const host = createHost();
const folder = fs.mkdtempSync(join(tmpdir(), "rkt-host-"));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

describe("files", () => {
  it("writeAtomic replaces the whole file with exactly the mode asked for and leaves no other name", () => {
    const path = join(folder, "atomic", "file");
    host.files.mkdir(join(folder, "atomic"));
    host.files.writeAtomic(path, "one", { mode: 0o666 });
    host.files.writeAtomic(path, "two", { mode: 0o640 });
    assert.equal(host.files.readText(path), "two");
    assert.equal(host.files.stat(path).mode, 0o640);
    assert.deepEqual(host.files.list(join(folder, "atomic")), ["file"]);
  });

  it("writeAtomic that fails leaves the old file and no temporary one", () => {
    const path = join(folder, "blocked");
    fs.mkdirSync(join(path, "inside"), { recursive: true });
    assert.throws(() => host.files.writeAtomic(path, "x"), /EISDIR|ENOTEMPTY/);
    assert.ok(!host.files.list(folder).some((name) => name.endsWith(".tmp")));
  });

  it("mkdir makes missing parents with the mode and leaves existing ones", () => {
    host.files.mkdir(join(folder, "a"), { mode: 0o711 });
    host.files.mkdir(join(folder, "a/b/c"), { mode: 0o700, recursive: true });
    assert.deepEqual(
      ["a", "a/b", "a/b/c"].map((name) => host.files.stat(join(folder, name)).mode),
      [0o711, 0o700, 0o700],
    );
    assert.throws(() => host.files.mkdir(join(folder, "a")), /EEXIST/);
  });

  it("try functions answer missing files, also below a file", () => {
    host.files.write(join(folder, "plain"), "x");
    assert.equal(host.files.tryReadText(join(folder, "plain/below")), undefined);
    assert.equal(host.files.tryLstat(join(folder, "missing")), undefined);
    assert.deepEqual(host.files.tryList(join(folder, "missing")), []);
    assert.equal(host.files.exists(join(folder, "plain")), true);
  });

  it("syncFileSystem and sync succeed on a directory", () => {
    host.files.syncFileSystem(folder);
    host.files.sync(folder);
  });
});

describe("hashes", () => {
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) >> 5));
  const path = join(folder, "hashed");
  fs.writeFileSync(path, bytes);

  it("are those of the file's bytes, several at once, while the blocks are handed on", async () => {
    const opened = ["sha256", "sha512"].map((name) => host.hashes.open(name));
    const seen: Buffer[] = [];
    for await (const block of hashAlong(host.files.blocks(path), opened)) seen.push(Buffer.from(block));
    assert.deepEqual(Buffer.concat(seen), bytes);
    const digests = await Promise.all(opened.map(async (hash) => (await hash.digest()).toString("hex")));
    assert.deepEqual(
      digests,
      ["sha256", "sha512"].map((name) => createHash(name).update(bytes).digest("hex")),
    );
  });

  it("have taken a chunk in when as many are asked for as are kept", async () => {
    const hash = host.hashes.open("sha512");
    function* spoilt(): Generator<Buffer> {
      const given: Buffer[] = [];
      for (let start = 0; start < bytes.length; start += 100_000) {
        given.at(-BLOCKS_KEPT)?.fill(0);
        given.push(Buffer.from(bytes.subarray(start, start + 100_000)));
        yield given.at(-1) ?? assert.fail();
      }
    }
    await hashAll(spoilt(), [hash]);
    assert.equal((await hash.digest()).toString("hex"), createHash("sha512").update(bytes).digest("hex"));
  });

  it("refuse an algorithm that nobody has", () => assert.throws(() => host.hashes.open("sha0"), /There is no digest "sha0"/));
});

describe("removeTree", () => {
  it("does not follow links and takes names that are not UTF-8", () => {
    const outside = join(folder, "outside");
    host.files.write(outside, "kept");
    const tree = join(folder, "tree");
    host.files.mkdir(join(tree, "sub"), { recursive: true });
    host.files.symlink(outside, join(tree, "sub/link"));
    host.files.symlink(folder, join(tree, "dir-link"));
    fs.writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe])]), "");
    host.files.removeTree(tree);
    assert.equal(host.files.exists(tree), false);
    assert.equal(host.files.readText(outside), "kept");
    host.files.removeTree(tree);
  });

  it("removes directories nested deeper than a path can name", () => {
    const tree = join(folder, "deep");
    fs.mkdirSync(tree);
    const script = `n=$(printf 'd%.0s' $(seq 200)); cd "$1"; for i in $(seq 60); do mkdir $n; cd -P ./$n 2>/dev/null || exit 3; done`;
    execFileSync("bash", ["-c", script, "bash", tree]);
    host.files.removeTree(tree);
    assert.equal(host.files.exists(tree), false);
  });
});

describe("locks", () => {
  it("an exclusive lock excludes others until it is released, shared ones go together", () => {
    const path = join(folder, "lock");
    const first = host.locks.tryLock(path, { wait: 0 });
    assert.ok(first);
    assert.equal(host.locks.tryLock(path, { wait: 0 }), undefined);
    assert.equal(host.locks.tryLock(path, { wait: 30, shared: true }), undefined);
    first.release();
    const shared = host.locks.tryLock(path, { wait: 0, shared: true });
    const second = host.locks.tryLock(path, { wait: 0, shared: true });
    assert.ok(shared && second);
    assert.equal(host.locks.tryLock(path, { wait: 0 }), undefined);
    shared.release();
    second.release();
    assert.ok(host.locks.tryLock(folder, { wait: 0 }), "a directory can be locked");
  });

  it("excludes other processes and is free when they are killed", async () => {
    const path = join(folder, "foreign");
    const child = spawn("flock", [path, "sh", "-c", "echo held; exec cat"], { stdio: ["pipe", "pipe", "ignore"] });
    await once(child.stdout, "data");
    assert.equal(host.locks.tryLock(path, { wait: 0 }), undefined);
    child.stdin.end();
    await once(child, "close");
    host.locks.tryLock(path, { wait: 0 })?.release();
    assert.ok(host.locks.tryLock(path, { wait: 0 }));
  });

  it("heldInodes counts holders of flock only, devices as stat(2) has them", () => {
    const text = [
      "1: FLOCK  ADVISORY  WRITE 4711 00:1a:2212 0 EOF",
      "1: -> FLOCK  ADVISORY  WRITE 4712 00:1a:99 0 EOF",
      "2: POSIX  ADVISORY  READ 12 fe:00:77 128 128",
      "3: FLOCK  ADVISORY  READ -1 fd:101:5 0 EOF",
    ].join("\n");
    assert.deepEqual([...parseHeldInodes(`${text}\n`)], ["26:2212", `${0xfd * 256 + 0x100000 + 1}:5`]);
  });

  it("heldInodes sees a lock on tmpfs as stat describes its file", { skip: !fs.existsSync("/dev/shm") }, async () => {
    const path = `/dev/shm/rkt-lock-${process.pid}`;
    const lock = host.locks.tryLock(path);
    const { dev, ino } = host.files.stat(path);
    assert.ok(host.locks.heldInodes().has(`${dev}:${ino}`));
    assert.ok((await host.locks.awaitHeldInodes()).has(`${dev}:${ino}`));
    lock?.release();
    assert.ok(!host.locks.heldInodes().has(`${dev}:${ino}`));
    host.files.unlink(path);
  });
});

describe("programs", () => {
  it("run returns what the program wrote, and hands over input and environment", () => {
    const result = host.programs.run(["sh", "-c", 'cat; printf "$A" >&2'], { input: "in", env: { A: "b" } });
    assert.deepEqual([result.status, result.stdout.toString(), result.stderr.toString()], [0, "in", "b"]);
  });

  it("run throws for a bad status, a missing program and a timeout", () => {
    assert.throws(() => host.programs.run(["sh", "-c", "echo no >&2; exit 3"]), { code: "program-failed", message: /status 3: no$/ });
    assert.throws(() => host.programs.run(["rkt-no-such-program"]), { code: "program-missing", message: /"rkt-no-such-program"/ });
    assert.throws(() => host.programs.run(["tail", "-f", "/dev/null"], { timeout: 50 }), { code: "program-failed", message: /too long/ });
    assert.equal(host.programs.run(["false"], { check: false }).status, 1);
  });

  it("pipe filters, and done tells a failure", async () => {
    const upper = host.programs.pipe(["tr", "a-z", "A-Z"]);
    upper.input.end("abc");
    const chunks: Buffer[] = [];
    for await (const chunk of upper.output) chunks.push(Buffer.from(chunk));
    await upper.done;
    assert.equal(Buffer.concat(chunks).toString(), "ABC");
    const bad = host.programs.pipe(["sh", "-c", "echo broken >&2; exit 4"]);
    bad.output.resume();
    await assert.rejects(bad.done, { code: "program-failed", message: /status 4: broken/ });
  });
});

describe("raw", () => {
  it("create refuses what exists, links included", () => {
    host.files.symlink("/nowhere", join(folder, "dangling"));
    assert.throws(() => host.raw.create(join(folder, "dangling"), 0o600), /EEXIST|ELOOP/);
  });

  it("sets times of a link itself to the nanosecond, before 1970 too", () => {
    const path = join(folder, "timed");
    host.files.symlink("x", path);
    host.raw.setTimes(path, 1_500_000_000, 123_456_789);
    assert.equal(fs.lstatSync(path, { bigint: true }).mtimeNs, 1_500_000_000_123_456_789n);
    host.raw.setTimes(path, -1, 0);
    assert.equal(fs.lstatSync(path, { bigint: true }).mtimeNs, -1_000_000_000n);
  });

  it("makes fifos, and errors carry code and path", () => {
    const path = join(folder, "fifo");
    host.raw.makeNode(path, { type: "fifo" }, 0o600);
    assert.equal(host.raw.typeOf(path), "fifo");
    assert.throws(() => host.raw.makeNode(path, { type: "fifo" }, 0o600), { code: "EEXIST", path });
  });

  it("keeps extended attributes as bytes", () => {
    const path = join(folder, "attributes");
    host.files.write(path, "");
    const value = Buffer.from([1, 0, 0xc0, 0xff]);
    host.raw.setXattr(path, "user.rkt", value);
    assert.deepEqual(host.raw.getXattr(path, "user.rkt"), value);
    assert.equal(host.raw.getXattr(path, "user.none"), undefined);
    assert.deepEqual(
      host.raw.listXattrs(path).filter((name) => name.startsWith("user.")),
      ["user.rkt"],
    );
  });
});
