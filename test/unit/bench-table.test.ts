import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPicture } from "../bench/picture.ts";
import { composeReport } from "../bench/report.ts";
import type { Result } from "../bench/result.ts";
import { formatNumber, formatResult } from "../bench/table.ts";

const result: Result = {
  suite: "bookworm",
  systemd: "252.39",
  mode: "favordynmods",
  group: "a",
  title: "start",
  figures: [
    { key: "wall", title: "wall", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU", unit: "ms" },
  ],
  base: "rkt",
  rows: [
    { key: "rkt", title: "rkt", samples: { wall: [40, 50, 90], cpu: [8, 8, 8] } },
    { key: "peer", title: "peer <&>", samples: { wall: [100, 125, 150], cpu: [12, 12, 12] } },
    { key: "gone", title: "gone", samples: {}, absent: "its kernel module is missing here" },
  ],
  targets: [
    { title: "against peer", figure: "wall", of: "rkt", to: "peer", atMost: 0.5 },
    { title: "CPU", figure: "cpu", of: "rkt", atMost: 4 },
  ],
  notes: ["A note."],
};

test("a table has medians, spreads, ratios, reasons, targets and notes", () => {
  assert.equal(
    formatResult(result),
    `(a) start: bookworm, systemd 252.39, cgroups favordynmods, n = 3
            wall, ms           ×     CPU, ms            ×
  rkt       50.0 (40.0..90.0)        8.00 (8.00..8.00)
  peer <&>  125 (100..150)     2.50  12.0 (12.0..12.0)  1.50
  gone      not available: its kernel module is missing here
  against peer: at most 0.5 ×: 0.40, met
  CPU: at most 4 ms: 8.00, MISSED
  A note.`,
  );
});

test("numbers have three digits that mean something", () => {
  assert.deepEqual([0, 0.123, 1.5, 12.34, 99.96, 100.4, 12345.6].map(formatNumber), ["0", "0.12", "1.50", "12.3", "100.0", "100", "12346"]);
});

test("the JSON has every sample and every judgement", () => {
  const report = JSON.parse(composeReport([result], [], new Date(0))) as {
    readonly version: number;
    readonly date: string;
    readonly results: readonly {
      readonly rows: readonly Record<string, unknown>[];
      readonly targets: readonly Record<string, unknown>[];
    }[];
  };
  assert.equal(report.version, 1);
  assert.equal(report.date, "1970-01-01T00:00:00.000Z");
  assert.deepEqual(report.results[0]?.rows[0]?.["figures"], {
    wall: { median: 50, least: 40, most: 90, samples: [40, 50, 90] },
    cpu: { median: 8, least: 8, most: 8, samples: [8, 8, 8] },
  });
  assert.equal(report.results[0]?.rows[2]?.["absent"], "its kernel module is missing here");
  assert.deepEqual(
    report.results[0]?.targets.map((target) => [target["value"], target["met"]]),
    [
      [0.4, true],
      [8, false],
    ],
  );
});

test("the picture has a bar for each row of what is to be drawn, and escapes titles", () => {
  const svg = drawPicture([result, { ...result, suite: "trixie" }]);
  assert.equal(svg.match(/<g /g)?.length, 2);
  assert.equal(svg.match(/<rect x=/g)?.length, 4);
  assert.equal(svg.match(/not available/g)?.length, 2);
  assert.ok(svg.includes("peer &lt;&amp;&gt;"));
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
});
