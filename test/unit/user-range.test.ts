import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { claimUserRange, releaseUserRanges } from "../../src/apply/user-range.ts";
import { makeUuid } from "../../src/apply/carry-out.ts";
import { createHost } from "../../src/host/node-host.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "rkt-users-"));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const host = createHost();

/** Small numbers first: the random ones are repeated until a free range comes. */
function withRandom(numbers: readonly number[]) {
  let index = 0;
  return {
    ...host,
    random: () => {
      const buffer = Buffer.alloc(4);
      buffer.writeUInt32LE(numbers[Math.min(index++, numbers.length - 1)] ?? 0);
      return buffer;
    },
  };
}

test("300 pods get ranges that do not touch, and keep them", () => {
  const dataDir = join(folder, "many");
  const uuids = Array.from({ length: 300 }, makeUuid);
  const bases = uuids.map((uuid) => claimUserRange(host, { dataDir, uuid }).base);
  assert.equal(new Set(bases).size, 300);
  for (const base of bases) assert.ok(base % 65536 === 0 && base >= 0x1000_0000 && base + 65536 <= 0x6fff_0000, String(base));
  for (const [index, uuid] of uuids.entries()) assert.equal(claimUserRange(host, { dataDir, uuid }).base, bases[index]);
});

test("a range that another pod has is passed over, and is free again when that is gone", () => {
  const dataDir = join(folder, "one");
  const [first, second, third] = [makeUuid(), makeUuid(), makeUuid()];
  const base = claimUserRange(withRandom([5]), { dataDir, uuid: first }).base;
  assert.notEqual(claimUserRange(withRandom([5, 6]), { dataDir, uuid: second }).base, base);
  releaseUserRanges(host, dataDir, (uuid) => uuid === first);
  assert.equal(claimUserRange(withRandom([5]), { dataDir, uuid: third }).base, base);
});

test("ranges of subordinate ids and of accounts are passed over", () => {
  const files = {
    ...host.files,
    tryReadText: (path: string) => (path === "/etc/subuid" ? `joe:${0x1000 * 65536 + 70_000}:10\n` : undefined),
  };
  const uuid = makeUuid();
  // The first index, then the one that the line touches, then a free one.
  const range = claimUserRange({ ...withRandom([1, 2]), files }, { dataDir: join(folder, "sub"), uuid });
  assert.equal(range.base, (0x1000 + 2) * 65536);
});

test("a plan that is only shown claims nothing", () => {
  const dataDir = join(folder, "dry");
  claimUserRange(host, { dataDir, uuid: makeUuid(), dryRun: true });
  assert.equal(fs.existsSync(dataDir), false);
});
