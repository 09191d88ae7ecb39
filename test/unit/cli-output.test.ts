import assert from "node:assert/strict";
import { PassThrough, Readable } from "node:stream";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { RktError } from "../../src/base/error.ts";
import { confirm } from "../../src/cli/confirm.ts";
import { formatJson, parseFormat } from "../../src/cli/output/json.ts";
import { drawOver } from "../../src/cli/output/live.ts";
import { startProgress } from "../../src/cli/output/progress.ts";
import { reportError } from "../../src/cli/output/report.ts";
import { formatSize } from "../../src/cli/output/size.ts";
import { styleOf, toneOf } from "../../src/cli/output/style.ts";
import { formatTable } from "../../src/cli/output/table.ts";
import { formatFullTime, formatRelativeTime } from "../../src/cli/output/time.ts";

/** An output that remembers. */
function openSink(): { text: string; write(text: string): void } {
  return {
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

describe("drawOver", () => {
  const shown = (rows: number | undefined): string[] => drawOver("HEADER\na\nb\n", rows).split("\n");

  it("leaves out what would scroll the header away", () => {
    assert.deepEqual(
      shown(3).map((line) => stripVTControlCharacters(line)),
      ["HEADER", "a", ""],
    );
    assert.equal(shown(3)[0]?.startsWith("\u001b[H"), true);
  });

  it("shows all where it fits, or nobody knows the window", () => {
    for (const rows of [4, 100, 0, undefined]) assert.equal(shown(rows).length, 4, String(rows));
  });
});

describe("formatTable", () => {
  const header = ["UUID", "APP", "STATE"];

  it("aligns columns at multiples of eight by tabs, as Go's tabwriter", () => {
    const rows = [
      ["6733c1f5", "etcd", "running"],
      ["", "proxy-with-a-long-name", ""],
    ];
    assert.equal(formatTable(rows, { header }), "UUID\t\tAPP\t\t\tSTATE\n6733c1f5\tetcd\t\t\trunning\n\t\tproxy-with-a-long-name\t\n");
  });

  it("leaves the header out without a legend, and measures only what is shown", () => {
    assert.equal(formatTable([["a", "b"]], { header: ["A LONG TITLE", "B"], legend: false }), "a\tb\n");
    assert.equal(formatTable([], { header, legend: false }), "");
    assert.equal(formatTable([], { header }), "UUID\tAPP\tSTATE\n");
  });

  it("aligns columns by spaces on a terminal, without any at a line's end", () => {
    const style = { aligned: true, colour: false };
    const rows = [
      ["6733c1f5", "etcd", { text: "running", tone: "good" }],
      ["", "proxy-with-a-long-name", ""],
    ] as const;
    assert.equal(
      formatTable(rows, { header, style }),
      "UUID      APP                     STATE\n6733c1f5  etcd                    running\n          proxy-with-a-long-name\n",
    );
  });

  it("colours titles and states, which does not move a column, and nothing without a terminal", () => {
    const rows = [[{ text: "up\u001b[2J", tone: "good" }, "x"]] as const;
    const coloured = formatTable(rows, { header: ["A", "B"], style: { aligned: true, colour: true } });
    assert.equal(coloured, "\u001b[1mA\u001b[0m          \u001b[1mB\u001b[0m\n\u001b[32mup\\x1b[2J\u001b[0m  x\n");
    assert.equal(formatTable(rows, { header: ["A", "B"] }), "A\t\tB\nup\\x1b[2J\tx\n");
  });

  it("makes foreign text safe and leaves escaped text alone", () => {
    assert.equal(formatTable([["a\tb\u001b[2J\u202e", "\\x1b"]], { header: ["A", "B"], legend: false }), "a\\tb\\x1b[2J\\u202e\t\\x1b\n");
  });
});

describe("styleOf", () => {
  const table: readonly (readonly [boolean, Readonly<Record<string, string>>, boolean])[] = [
    [true, { TERM: "xterm" }, true],
    [true, { TERM: "xterm", NO_COLOR: "" }, true],
    [true, { TERM: "xterm", NO_COLOR: "1" }, false],
    [true, { TERM: "dumb" }, false],
    [true, {}, false],
    [false, { TERM: "xterm" }, false],
  ];
  for (const [stdout, env, colour] of table) {
    it(`${stdout ? "a terminal" : "a pipe"} with ${JSON.stringify(env)} has ${colour ? "colour" : "none"}`, () => {
      const style = styleOf({ host: { env }, isTerminal: { stdin: true, stdout, stderr: true } });
      assert.deepEqual(style, { aligned: stdout, colour });
    });
  }

  it("knows good and bad states", () => {
    assert.deepEqual(["running", "invalid", "out of date", "exited", "toString"].map(toneOf), [
      "good",
      "bad",
      "doubtful",
      undefined,
      undefined,
    ]);
  });
});

describe("formatRelativeTime", () => {
  const now = Date.UTC(2024, 5, 1);
  const minute = 60_000;
  const day = 24 * 60 * minute;
  const table: [number, string][] = [
    [0, "now"],
    [1500, "1 second ago"],
    [59_999, "59 seconds ago"],
    [minute, "1 minute ago"],
    [3 * minute, "3 minutes ago"],
    [90 * minute, "1 hour ago"],
    [23 * 60 * minute, "23 hours ago"],
    [day, "1 day ago"],
    [6 * day, "6 days ago"],
    [7 * day, "1 week ago"],
    [29 * day, "4 weeks ago"],
    [30 * day, "1 month ago"],
    [100 * day, "3 months ago"],
    [365 * day, "1 year ago"],
    [600 * day, "2 years ago"],
    [4000 * day, "11 years ago"],
    [-3 * minute, "3 minutes from now"],
  ];
  for (const [age, text] of table) it(`says "${text}"`, () => assert.equal(formatRelativeTime(now - age, now), text));
});

describe("formatFullTime", () => {
  const table: [number, string, string][] = [
    [Date.UTC(2015, 11, 14, 11, 30, 33, 652), "Europe/Berlin", "2015-12-14 12:30:33.652 +0100 CET"],
    [Date.UTC(2015, 6, 14, 11, 30, 33, 650), "Europe/Berlin", "2015-07-14 13:30:33.65 +0200 CEST"],
    [Date.UTC(2024, 0, 2, 0, 0, 0, 0), "UTC", "2024-01-02 00:00:00 +0000 UTC"],
    [Date.UTC(2024, 0, 2, 3, 4, 5, 7), "America/Los_Angeles", "2024-01-01 19:04:05.007 -0800 PST"],
    [Date.UTC(2024, 0, 2, 3, 4, 5, 100), "Asia/Tashkent", "2024-01-02 08:04:05.1 +0500 +05"],
  ];
  for (const [time, zone, text] of table) it(`${zone}: ${text}`, () => assert.equal(formatFullTime(time, zone), text));
});

describe("formatSize", () => {
  const table: [number, string][] = [
    [0, "0B"],
    [512, "512B"],
    [1024, "1.0KiB"],
    [1536, "1.5KiB"],
    [12 * 1024 ** 2, "12MiB"],
    [10 * 1024 ** 2 - 1, "10MiB"],
    [1.5 * 1024 ** 3, "1.5GiB"],
    [1024 ** 2, "1.0MiB"],
  ];
  for (const [bytes, text] of table) it(`${bytes} is ${text}`, () => assert.equal(formatSize(bytes), text));
});

describe("formatJson", () => {
  it("prints one line, or indents by tabs", () => {
    assert.equal(formatJson({ a: 1, b: undefined }, "json"), '{"a":1}\n');
    assert.equal(formatJson({ a: [1] }, "json-pretty"), '{\n\t"a": [\n\t\t1\n\t]\n}\n');
  });

  it("holds no invisible characters, and still means the same", () => {
    const value = { name: "a\u001b\u202e\u009b\u{e0001}b" };
    const text = formatJson(value, "json");
    assert.match(text, /^[ -~]*\n$/);
    assert.deepEqual(JSON.parse(text), value);
  });

  it("is chosen by --format", () => {
    assert.deepEqual([undefined, "", "json", "json-pretty"].map(parseFormat), ["text", "text", "json", "json-pretty"]);
    assert.throws(() => parseFormat("xml"), { code: "format-unknown" });
  });
});

describe("reportError", () => {
  it("says command, sentence and hint, and the causes only with --debug", () => {
    const error = new RktError("x", "Cannot a: b", { hint: "Do c", cause: new Error("d\u001b[2J", { cause: new Error("e") }) });
    const stderr = openSink();
    assert.equal(reportError(error, { command: "fetch", debug: false, stderr }), 254);
    assert.equal(stderr.text, "fetch: Cannot a: b\n  Do c\n");
    stderr.text = "";
    reportError(error, { command: "fetch", debug: true, stderr });
    assert.equal(stderr.text, "fetch: Cannot a: b\n  Do c\n  └─d\\x1b[2J\n    └─e\n");
  });
});

describe("startProgress", () => {
  function draw(isTerminal: boolean, columns = 80): string {
    const stream = openSink();
    let time = 0;
    const progress = startProgress({ label: "Downloading ACI", stream, isTerminal, columns, now: () => time });
    progress.update(0, 12 * 1024 ** 2);
    time = 50;
    progress.update(1, 12 * 1024 ** 2);
    time = 100;
    progress.update(3.1 * 1024 ** 2, 12 * 1024 ** 2);
    progress.finish();
    progress.finish();
    return stream.text;
  }

  it("draws one line over itself, at most ten times a second, and clears it", () => {
    const lines = ["Downloading ACI  0B of 12MiB  0%", "Downloading ACI  3.1MiB of 12MiB  25%", ""];
    assert.equal(draw(true), lines.map((line) => `\r${line}\u001b[K`).join(""));
  });

  it("never wraps", () =>
    assert.ok(
      draw(true, 20)
        .split("\r")
        .every((line) => line.replace("\u001b[K", "").length < 20),
    ));
  it("draws nothing where there is no terminal", () => assert.equal(draw(false), ""));
});

describe("confirm", () => {
  const isTerminal = { stdin: true, stderr: true };
  const table: [string, boolean][] = [
    ["yes\n", true],
    ["Y\n", true],
    ["no\n", false],
    ["what\n\nyes\n", true],
    ["", false],
    ["ye", false],
  ];
  for (const [input, answer] of table) {
    it(`takes ${JSON.stringify(input)} for ${answer ? "yes" : "no"}`, async () => {
      const output = openSink();
      assert.equal(await confirm({ input: Readable.from([input]), output, isTerminal }, "Trust this key", "Use --skip"), answer);
      assert.match(output.text, /^Trust this key \(yes\/no\)\?\n/);
    });
  }

  for (const missing of [
    { stdin: false, stderr: true },
    { stdin: true, stderr: false },
  ]) {
    it(`asks nobody without a terminal: ${JSON.stringify(missing)}`, async () => {
      const output = openSink();
      const asked = confirm({ input: new PassThrough(), output, isTerminal: missing }, "Trust this key", "Use --skip");
      await assert.rejects(asked, { code: "no-terminal", hint: "Use --skip" });
      assert.equal(output.text, "");
    });
  }
});
