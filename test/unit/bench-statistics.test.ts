import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSamples } from "../bench/driver.ts";
import { parseOptions } from "../bench/options.ts";
import type { Result } from "../bench/result.ts";
import { judge, ratio, summarize } from "../bench/statistics.ts";

test("a summary is the median with the least and the most", () => {
  assert.deepEqual(summarize([5, 1, 9]), { median: 5, least: 1, most: 9 });
  assert.deepEqual(summarize([10, 9, 2, 1]), { median: 5.5, least: 1, most: 10 });
  assert.deepEqual(summarize([7]), { median: 7, least: 7, most: 7 });
  assert.equal(summarize([]), undefined);
  assert.equal(summarize(undefined), undefined);
});

test("a ratio is that of the medians, and there is none to nothing", () => {
  assert.equal(ratio([1, 2, 100], [4]), 0.5);
  assert.equal(ratio([1], [0]), undefined);
  assert.equal(ratio([1], [-2]), undefined);
  assert.equal(ratio([1], undefined), undefined);
  assert.equal(ratio([], [1]), undefined);
});

const result: Result = {
  suite: "trixie",
  systemd: "257.13",
  mode: "as mounted",
  group: "a",
  title: "start",
  figures: [{ key: "toApp", title: "to the app", unit: "ms" }],
  base: "rkt",
  rows: [
    { key: "rkt", title: "rkt", samples: { toApp: [40, 50, 90] } },
    { key: "peer", title: "peer", samples: { toApp: [100] } },
    { key: "gone", title: "gone", samples: {}, absent: "no kernel for it" },
  ],
  targets: [
    { title: "half", figure: "toApp", of: "rkt", to: "peer", atMost: 0.5 },
    { title: "less", figure: "toApp", of: "rkt", to: "peer", atMost: 0.49 },
    { title: "plain", figure: "toApp", of: "rkt", atMost: 49 },
    { title: "unknown", figure: "toApp", of: "rkt", to: "gone", atMost: 1 },
  ],
  notes: [],
};

test("a target is met up to its bound, and open where the peer did not run", () => {
  const found = judge(result).map(({ target, value, met }) => [target.title, value, met]);
  assert.deepEqual(found, [
    ["half", 0.5, true],
    ["less", 0.5, false],
    ["plain", 50, false],
    ["unknown", undefined, undefined],
  ]);
});

test("samples are read by row and figure, without the first round", () => {
  const samples = parseSamples("0 rkt wall 900\n1 rkt wall 10.500\n1 podman wall 20\n2 rkt wall 11\n2 rkt cpu 3\n");
  assert.deepEqual(Object.fromEntries(samples), { rkt: { wall: [10.5, 11], cpu: [3] }, podman: { wall: [20] } });
  assert.throws(() => parseSamples("1 rkt wall\n"), /Cannot read sample/);
  assert.throws(() => parseSamples("1 rkt wall x\n"), /Cannot read sample/);
});

test("options are read, in both spellings, and unknown ones refused", () => {
  const options = parseOptions(["--suite=trixie", "--only", "a,b", "--rounds=3", "--json=/x.json", "--no-favordynmods"], ["a", "b", "c"]);
  assert.deepEqual(options.suites, ["trixie"]);
  assert.deepEqual(options.only, ["a", "b"]);
  assert.equal(options.rounds, 3);
  assert.equal(options.json, "/x.json");
  assert.equal(options.favordynmods, false);
  for (const wrong of ["--only=z", "--rounds=0", "--suite=sid", "--fast"]) {
    assert.throws(() => parseOptions([wrong, ...(wrong === "--fast" ? ["x"] : [])], ["a"]), /Cannot/);
  }
});
