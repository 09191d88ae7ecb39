import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import { readAci } from "../../src/image/archive/aci.ts";
import { hasInternals } from "../../src/image/archive/hooks.ts";
import { identify } from "../../src/image/archive/identify.ts";
import { type ArchiveLimits, defaultLimits } from "../../src/image/archive/limits.ts";
import type { ArchiveEntry } from "../../src/image/archive/entry.ts";
import { aciBytes, paxRecord, tarBytes, type TarEntry, testManifest } from "../lib/tar-bytes.ts";

/** In pieces of an odd size: no reader may rely on blocks. What it has had is spoilt before it gets the next: it may keep nothing. */
async function* inPieces(data: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let start = 0; start < data.length; start += size) {
    const piece = Buffer.from(data.subarray(start, start + size));
    yield piece;
    piece.fill(0x55);
  }
}

interface Read {
  readonly entry: ArchiveEntry;
  content: string;
}

async function readEntries(data: Buffer, limits: ArchiveLimits = defaultLimits, size?: number): Promise<Read[]> {
  const read: Read[] = [];
  const files = (entry: ArchiveEntry) => {
    const item = { entry, content: "" };
    read.push(item);
    return { write: (chunk: Uint8Array) => void (item.content += Buffer.from(chunk).toString("latin1")), end: () => undefined };
  };
  await readAci(inPieces(data, size), { limits, files });
  return read;
}

function refuses(title: string, data: Buffer | (() => Buffer), message: RegExp, limits: Partial<ArchiveLimits> = {}): void {
  it(`refuses ${title}`, async () => {
    const bytes = typeof data === "function" ? data() : data;
    await assert.rejects(readEntries(bytes, { ...defaultLimits, ...limits }), { name: "RktError", message });
  });
}

const file = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({ name, data: "content", ...more });
const good = aciBytes([file("rootfs/a")]);

describe("readAci", () => {
  it("finds in tar-stream what its hooks need", () => assert.ok(hasInternals()));

  it("gives manifest, size, and the sha512 of all bytes as ID", async () => {
    const data = Buffer.concat([aciBytes([file("rootfs/a")]), Buffer.alloc(8192)]);
    const { result: summary, id } = await identify(createHost().hashes, [data.subarray(0, 700), data.subarray(700)], (chunks) =>
      readAci(chunks),
    );
    assert.equal(summary.manifest.name, "example.com/test");
    assert.equal(summary.size, data.length);
    assert.equal(id, `sha512-${createHash("sha512").update(data).digest("hex")}`);
    assert.equal(summary.entries, 3);
  });

  it("hands out files with content, links, owner, mode and time", async () => {
    const [, a, link, hard] = await readEntries(
      aciBytes([
        file("./rootfs//a", { mode: 0o4755, uid: 7, gid: 8, mtime: 1000 }),
        { name: "rootfs/l", type: "2", link: "/etc/../../outside" },
        { name: "rootfs/h", type: "1", link: "rootfs/a" },
      ]),
    );
    assert.deepEqual([a?.entry.path, a?.content, a?.entry.mode, a?.entry.uid, a?.entry.gid], [["rootfs", "a"], "content", 0o4755, 7, 8]);
    assert.deepEqual(a?.entry.mtime, { seconds: 1000, nanoseconds: 0 });
    assert.equal(link?.entry.target, "/etc/../../outside");
    assert.deepEqual(hard?.entry.linkPath, ["rootfs", "a"]);
  });

  it("takes large ids, times, sizes and long names from extended headers", async () => {
    const long = `rootfs/${"d".repeat(200)}/${"n".repeat(200)}`;
    const pax = { path: long, uid: "3000000000", gid: "70000", mtime: "-1.25", size: "7" };
    const [, a] = await readEntries(aciBytes([file("short", { pax, size: 3 })]));
    assert.equal(a?.entry.path.join("/"), long);
    assert.deepEqual([a?.entry.uid, a?.entry.gid, a?.content], [3000000000, 70000, "content"]);
    assert.deepEqual(a?.entry.mtime, { seconds: -2, nanoseconds: 750_000_000 });
  });

  it("reads the same whatever the pieces are, and though each is spoilt before the next", async () => {
    const pax = { path: `rootfs/${"n".repeat(200)}`, "SCHILY.xattr.user.one": "value ".repeat(100) };
    const long = Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 31) & 0x7f)).toString("latin1");
    const data = aciBytes([
      file("short", { pax, data: "little" }),
      file("rootfs/b", { data: long }),
      file("rootfs/c", { data: long.slice(7) }),
    ]);
    const whole = await readEntries(data, defaultLimits, data.length);
    assert.deepEqual(
      whole.map(({ content }) => content),
      ["", "little", long, long.slice(7)],
    );
    assert.equal(whole[1]?.entry.xattrs.get("user.one")?.toString(), pax["SCHILY.xattr.user.one"]);
    for (const size of [1, 100, 512, 1024, 1536, 4096, 10_000, 30_000]) {
      assert.deepEqual(await readEntries(data, defaultLimits, size), whole, `in pieces of ${size} bytes`);
    }
  });

  it("takes GNU long names, and names that are not UTF-8", async () => {
    const long = `rootfs/${"x".repeat(180)}`;
    const [, a, b] = await readEntries(
      aciBytes([{ name: "././@LongLink", type: "L", data: `${long}\0` }, file("rootfs/xx"), file("rootfs/\xff\xfe")]),
    );
    assert.equal(a?.entry.path.join("/"), long);
    assert.equal(b?.entry.path[1], "\xff\xfe");
  });

  it("keeps security.capability and user attributes as bytes, drops those that steer overlays or belong to the host", async () => {
    const capability = Buffer.from([1, 0, 0, 2, 0xc0, 0, 0xff, 10]);
    const names = [
      "security.capability",
      "user.note",
      "user.overlay.opaque",
      "trusted.overlay.redirect",
      "security.selinux",
      "system.posix_acl_access",
    ];
    const pax = Object.fromEntries(names.map((name) => [`SCHILY.xattr.${name}`, capability]));
    const [, a] = await readEntries(aciBytes([file("rootfs/a", { pax })]));
    assert.deepEqual(
      [...(a?.entry.xattrs ?? [])],
      [
        ["security.capability", capability],
        ["user.note", capability],
      ],
    );
  });

  it("takes an archive of ten thousand empty entries", async () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => ({ name: `rootfs/${index}`, type: "5" }));
    const { entries: count } = await readAci(inPieces(aciBytes(entries), 262_144));
    assert.equal(count, 10_002);
  });
});

describe("readAci, names", () => {
  refuses('".." in a name', aciBytes([file("rootfs/../../etc/passwd")]), /entry "rootfs\/\.\.\/\.\.\/etc\/passwd" has "\.\."/);
  refuses('".." in an extended header\'s name', aciBytes([file("rootfs/a", { pax: { path: "rootfs/../../x" } })]), /has "\.\."/);
  refuses("an absolute name", aciBytes([file("/rootfs/a")]), /absolute name/);
  refuses("a NUL in a name", aciBytes([file("rootfs/a", { pax: { path: "rootfs/a\0b" } })]), /NUL in its name/);
  refuses("a part that no file system takes", aciBytes([file("x", { pax: { path: `rootfs/${"n".repeat(256)}` } })]), /more than 255 bytes/);
  refuses(
    "a name longer than a path can be",
    aciBytes([file("x", { pax: { path: `rootfs${"/abcdefg".repeat(500)}` } })]),
    /4006 bytes, which is too long/,
  );
  refuses("a name twice", aciBytes([file("rootfs/a"), file("rootfs/./a")]), /"rootfs\/a" stands there twice/);
  refuses(
    "a directory twice",
    aciBytes([
      { name: "rootfs/d", type: "5" },
      { name: "rootfs/d/", type: "5" },
    ]),
    /twice/,
  );
  refuses("a file and a directory of one name", aciBytes([file("rootfs/a"), { name: "rootfs/a/", type: "5" }]), /twice/);
});

describe("readAci, links", () => {
  const link = (name: string, target: string): TarEntry => ({ name, type: "2", link: target });
  const hard = (name: string, target: string): TarEntry => ({ name, type: "1", link: target });
  refuses(
    "a file through an absolute link",
    aciBytes([link("rootfs/l", "/etc"), file("rootfs/l/passwd")]),
    /lies below "rootfs\/l", which is a symlink/,
  );
  refuses("a file through a relative link", aciBytes([link("rootfs/l", "../../.."), file("rootfs/l/etc/passwd")]), /which is a symlink/);
  refuses("a file through two links", aciBytes([link("rootfs/a", "b"), link("rootfs/b", ".."), file("rootfs/a/x")]), /which is a symlink/);
  refuses("a file over a link", aciBytes([link("rootfs/l", "/etc/passwd"), file("rootfs/l")]), /twice/);
  refuses("a hard link with ..", aciBytes([hard("rootfs/h", "rootfs/../../etc/passwd")]), /has "\.\."/);
  refuses("an absolute hard link", aciBytes([hard("rootfs/h", "/etc/passwd")]), /absolute name/);
  refuses("a hard link to the manifest", aciBytes([hard("rootfs/h", "manifest")]), /hard link out of the image/);
  refuses("a hard link to nothing", aciBytes([hard("rootfs/h", "rootfs/none")]), /hard link to nothing/);
  refuses(
    "a hard link to a directory",
    aciBytes([{ name: "rootfs/d", type: "5" }, hard("rootfs/h", "rootfs/d")]),
    /hard link to a directory/,
  );
  refuses("a hard link through a link", aciBytes([link("rootfs/l", "/etc"), hard("rootfs/h", "rootfs/l/passwd")]), /hard link to nothing/);
  refuses(
    "rootfs as a link",
    tarBytes([{ name: "manifest", data: JSON.stringify(testManifest()) }, link("rootfs", "/"), file("rootfs/etc/x")]),
    /"rootfs" is no directory/,
  );
  refuses("a link without target", aciBytes([link("rootfs/l", "")]), /target that cannot be/);
});

describe("readAci, devices and types", () => {
  const node = (name: string, type: string, major: number, minor: number): TarEntry => ({ name, type, major, minor });
  it("takes the harmless devices below rootfs/dev, and fifos anywhere", async () => {
    const read = await readEntries(
      aciBytes([node("rootfs/dev/null", "3", 1, 3), node("rootfs/dev/tty", "3", 5, 0), { name: "rootfs/p", type: "6" }]),
    );
    assert.deepEqual(
      read.slice(1).map(({ entry }) => entry.type),
      ["character", "character", "fifo"],
    );
  });
  refuses("a device elsewhere", aciBytes([node("rootfs/null", "3", 1, 3)]), /device outside "rootfs\/dev"/);
  refuses(
    "a device behind a link called dev",
    aciBytes([{ name: "rootfs/dev", type: "2", link: "etc" }, node("rootfs/dev/null", "3", 1, 3)]),
    /which is a symlink/,
  );
  refuses("/dev/mem", aciBytes([node("rootfs/dev/mem", "3", 1, 1)]), /character device 1:1, which an image may not bring/);
  refuses("a block device", aciBytes([node("rootfs/dev/sda", "4", 8, 0)]), /block device 8:0/);
  refuses("an overlay whiteout", aciBytes([node("rootfs/dev/gone", "3", 0, 0)]), /character device 0:0/);
  refuses("old GNU sparse files", aciBytes([file("rootfs/s", { type: "S" })]), /is a sparse file/);
  refuses("PAX sparse files", aciBytes([file("rootfs/s", { pax: { "GNU.sparse.major": "1" } })]), /is a sparse file/);
  refuses("unknown types", aciBytes([file("rootfs/v", { type: "V", data: "" })]), /is of type "V"/);
  refuses("a directory with content", aciBytes([file("rootfs/d", { type: "5" })]), /is a directory with content/);
  refuses(
    "a hard link with content",
    aciBytes([file("rootfs/a"), file("rootfs/h", { type: "1", link: "rootfs/a" })]),
    /is a link with content/,
  );
});

describe("readAci, sizes", () => {
  refuses(
    "a file that says it has eight exbibytes",
    aciBytes([file("rootfs/a", { size: "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff" })]),
    /too much/,
  );
  refuses(
    "a negative size",
    aciBytes([file("rootfs/a", { size: "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" })]),
    /valid size|no number/,
  );
  refuses("a size that is no number", aciBytes([file("rootfs/a", { size: "7zz" })]), /size that is no number/);
  refuses("a PAX size that is no number", aciBytes([file("rootfs/a", { pax: { size: "0x7" } })]), /invalid size/);
  refuses("more bytes than the limit", aciBytes([file("rootfs/a", { data: Buffer.alloc(100_000) })]), /more than 50000 bytes|too much/, {
    totalBytes: 50_000,
  });
  refuses("more entries than the limit", aciBytes([file("rootfs/a"), file("rootfs/b")]), /more than 3 entries/, { entries: 3 });
  refuses("a huge extended header", aciBytes([{ name: "x", type: "x", size: 5 * 1024 * 1024 }]), /extended header in it is too long/);
});

describe("readAci, the archive's end", () => {
  for (const length of [0, 100, 512, 1000, 1536, good.length - 1024, good.length - 1000, good.length - 512, good.length - 1]) {
    refuses(`an archive cut after ${length} of ${good.length} bytes`, good.subarray(0, length), /truncated/);
  }
  refuses("data behind the end", Buffer.concat([good, Buffer.from("x".padEnd(512, "\0"))]), /data behind its end/);
  refuses("an entry behind the end", Buffer.concat([good, tarBytes([file("rootfs/late")])]), /data behind its end/);
  refuses(
    "an entry behind one zero block",
    Buffer.concat([good.subarray(0, -512), tarBytes([file("rootfs/late")])]),
    /data behind its end/,
  );
  refuses(
    "a zero block with a checksum",
    () => {
      const data = Buffer.from(good);
      data.write("hidden", data.length - 1024 + 148);
      return data;
    },
    /end-of-archive marker is damaged/,
  );
  refuses(
    "a damaged header",
    () => {
      const data = Buffer.from(good);
      data[1024] = 0x41;
      return data;
    },
    /header in it is damaged/,
  );
  refuses("what is no archive", Buffer.from("hello ".repeat(500)), /no tar archive/);
});

describe("readAci, extended headers", () => {
  const raw = (data: string | Buffer): Buffer => aciBytes([{ name: "x", type: "x", data }, file("rootfs/a")]);
  refuses("records with a wrong length", raw("99 path=rootfs/b\n"), /malformed/);
  refuses("records without newline", raw("17 path=rootfs/bb"), /malformed/);
  refuses("records without key", raw("5 =a\n"), /malformed|without a key/);
  refuses("garbage", raw("garbage"), /malformed/);
  refuses(
    "global headers that change entries",
    aciBytes([{ name: "g", type: "g", data: paxRecord("uid", "0") }]),
    /global extended header/,
  );
  it("passes over a global comment, as git writes it", async () => {
    assert.equal((await readEntries(aciBytes([{ name: "g", type: "g", data: paxRecord("comment", "0123") }, file("rootfs/a")]))).length, 2);
  });
  it("counts the last of several records", async () => {
    const data = Buffer.concat([paxRecord("path", "rootfs/first"), paxRecord("path", "rootfs/last")]);
    const [, a] = await readEntries(raw(data));
    assert.equal(a?.entry.path[1], "last");
  });
});

describe("readAci, layout and manifest", () => {
  const rootfs: TarEntry = { name: "rootfs", type: "5" };
  const manifest: TarEntry = { name: "manifest", data: JSON.stringify(testManifest()) };
  refuses("an archive without manifest", tarBytes([rootfs]), /no "manifest"/);
  refuses("an archive without rootfs", tarBytes([manifest]), /no directory "rootfs"/);
  refuses("rootfs that is only implied", tarBytes([manifest, file("rootfs/a")]), /no directory "rootfs"/);
  refuses("rootfs that is a file", tarBytes([manifest, file("rootfs")]), /"rootfs" is no directory/);
  refuses("two manifests", tarBytes([manifest, rootfs, manifest]), /"manifest" stands there twice/);
  refuses(
    "a manifest that is a link",
    tarBytes([{ name: "manifest", type: "2", link: "/etc/passwd" }, rootfs]),
    /"manifest" is no regular file/,
  );
  refuses("something beside the two", tarBytes([manifest, rootfs, file("etc/passwd")]), /neither "manifest" nor below "rootfs"/);
  refuses("a manifest that is no JSON", tarBytes([{ name: "manifest", data: "{" }, rootfs]), /manifest/);
  refuses(
    "a pod's manifest",
    tarBytes([{ name: "manifest", data: JSON.stringify(testManifest({ acKind: "PodManifest" })) }, rootfs]),
    /manifest/i,
  );
  refuses(
    "a manifest with an invalid name",
    tarBytes([{ name: "manifest", data: JSON.stringify(testManifest({ name: "Bad Name" })) }, rootfs]),
    /name/,
  );
  refuses("a huge manifest", aciBytes([]), /which is too much/, { manifestBytes: 10 });
});
