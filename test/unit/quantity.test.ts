import assert from "node:assert/strict";
import { test } from "node:test";
import { parseByteSize, parseQuantity, parseTimeSpan, wholeQuantity } from "../../src/base/quantity.ts";

test("quantities of appc", () => {
  const table: readonly (readonly [string, bigint])[] = [
    ["1", 1000n],
    ["500m", 500n],
    ["1.5", 1500n],
    ["1n", 1n],
    ["64Mi", 67108864000n],
    ["64M", 64000000000n],
    ["1e3", 1000000n],
    ["1E", 10n ** 21n],
    ["0.1Gi", 107374182400n],
    ["-2k", -2000000n],
  ];
  for (const [text, milli] of table) assert.equal(parseQuantity(text).milli, milli, text);
  assert.equal(wholeQuantity("1500m"), 2);
  for (const text of ["", "x", "1x", "1.2.3", "1 M", "1MiB", ".5", "9999E"])
    assert.throws(() => parseQuantity(text), { code: "quantity-invalid" }, text);
  for (const text of ["-1", "1E"]) assert.throws(() => wholeQuantity(text), { code: "quantity-invalid" });
});

test("sizes of systemd", () => {
  for (const [text, bytes] of [
    ["4096", 4096],
    ["64M", 67108864],
    ["1.5K", 1536],
    ["2GiB", 2147483648],
    ["0", 0],
  ] as const)
    assert.equal(parseByteSize(text), bytes);
  for (const text of ["", "x", "1k", "-1", "1e3", "99999999P"]) assert.throws(() => parseByteSize(text), { code: "size-invalid" }, text);
});

test("spans of systemd.time(7)", () => {
  const table: readonly (readonly [string, number])[] = [
    ["5\u00b5s", 5],
    ["5\u03bcs", 5],
    ["90", 90e6],
    ["1min 30s", 90e6],
    ["1min30s", 90e6],
    ["500ms", 5e5],
    ["2.5s", 25e5],
    ["10us", 10],
    ["1h", 36e8],
    ["0", 0],
    ["infinity", Number.POSITIVE_INFINITY],
  ];
  for (const [text, usec] of table) assert.equal(parseTimeSpan(text), usec, text);
  for (const text of ["", "soon", "1x", "-1", "s", "1 min 5 parsec", "1,5s"])
    assert.throws(() => parseTimeSpan(text), { code: "time-invalid" }, text);
});
