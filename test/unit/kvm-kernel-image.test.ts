import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import { expandImage, readImageVersion } from "../../src/stage1/kvm/kernel-image.ts";
import { expandLegacyLz4 } from "../../src/stage1/kvm/lz4.ts";

const host = createHost();
const NOTE = Buffer.from("04000000080000001200000058656e00", "hex");
const KERNEL = Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(5000, "abc"), NOTE, Buffer.alloc(300, 7)]);

/** An image with this payload at its place, and the size of the kernel after it. */
function bzImage(payload: Buffer, size = KERNEL.length): Buffer {
  const head = Buffer.alloc(5 * 512 + 16);
  head.writeUInt8(4, 0x1f1);
  head.write("HdrS", 0x202);
  head.writeUInt16LE(0x100, 0x20e);
  head.write("6.1.0 (x@y)\0", 0x300);
  head.writeUInt32LE(16, 0x248);
  head.writeUInt32LE(payload.length + 4, 0x24c);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(size);
  return Buffer.concat([head, payload, tail]);
}

/** Literals only, then a match that overlaps what it writes: what encoders make of a run. */
function lz4Run(): Buffer {
  const block = Buffer.from([0x1f, 0x61, 1, 0, 255, 30, 0x10, 0x62]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from("02214c18", "hex"), length, block]);
}

describe("the image of a kernel", () => {
  test("is expanded where it is xz or gzip and a hypervisor can enter the kernel", () => {
    for (const program of ["xz", "gzip"]) {
      const { stdout } = spawnSync(program, program === "xz" ? ["--check=crc32", "-c"] : ["-c"], { input: KERNEL });
      // The last four bytes of gzip are that size.
      const image = bzImage(program === "gzip" ? stdout.subarray(0, -4) : stdout);
      assert.deepEqual(expandImage(host, image), KERNEL, program);
      assert.equal(expandImage(host, bzImage(program === "gzip" ? stdout.subarray(0, -4) : stdout, 77)), undefined, program);
    }
  });

  test("stays as it is where its compression is unknown or damaged, or it is none", () => {
    assert.equal(expandImage(host, bzImage(Buffer.from("no compression of any kind"))), undefined);
    assert.equal(expandImage(host, bzImage(lz4Run().subarray(0, 12))), undefined);
    assert.equal(expandImage(host, bzImage(lz4Run(), 1 + 19 + 285 + 1)), undefined, "there is no entry in it");
    assert.equal(expandImage(host, KERNEL), undefined);
    assert.equal(readImageVersion(bzImage(Buffer.alloc(20))), "6.1.0");
  });

  test("may be LZ4 as Linux writes it", () => {
    const size = 1 + 4 + 15 + 255 + 30 + 1;
    assert.equal(expandLegacyLz4(lz4Run(), size).toString(), `${"a".repeat(size - 1)}b`);
    assert.throws(() => expandLegacyLz4(lz4Run(), size + 1), RangeError);
    assert.throws(() => expandLegacyLz4(lz4Run(), 3), RangeError);
  });
});
