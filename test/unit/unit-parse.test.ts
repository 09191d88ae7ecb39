import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUnitFile, MAX_UNIT_FILE, parseUnitFile } from "../../src/unit/parse.ts";

test("sections, entries, comments and continuations are read as systemd reads them", () => {
  const text = [
    "# top",
    "[A]",
    "  Key = one two ",
    "; gone",
    "Long=a \\",
    "# inside",
    "  ; too",
    "b \\",
    "",
    "Even=x\\\\",
    "[B C]",
    "Empty=",
  ].join("\r\n");
  const { sections } = parseUnitFile(text, "x");
  const entries = sections.map(({ name, line, entries: list }) => ({
    name,
    line,
    entries: list.map(({ key, value, line: at }) => [key, value, at]),
  }));
  assert.deepEqual(entries, [
    {
      name: "A",
      line: 2,
      entries: [
        ["Key", "one two", 3],
        ["Long", "a  b", 5],
        ["Even", "x\\\\", 10],
      ],
    },
    { name: "B C", line: 11, entries: [["Empty", "", 12]] },
  ]);
  assert.equal(sections[0]?.entries[0]?.path, "x");
});

const BAD: readonly (readonly [text: string, message: string])[] = [
  ["[A\nx=1", 'x:1: Cannot read section header "[A"'],
  ["[]\n", 'x:1: Cannot read section header "[]"'],
  ["x=1\n", 'x:1: Key "x=" stands before the first section'],
  ["[A]\n\nword\n", 'x:3: Missing "=" in "word"'],
  ["[A]\n=1\n", 'x:2: Cannot read "" as a key'],
  ["[A]\nä=1\n", 'x:2: Cannot read "ä" as a key'],
  ["[A]\nx=a\0b\n", "x:2: The line holds a NUL character"],
  ["[A]\n\nx=\uFFFD\n", "x:3: The line is not valid UTF-8"],
  ["[A]\nx=\ud800\n", "x:2: The line is not valid UTF-8"],
  ["[A]\nx=a\\", "x:2: The file ends in a continuation line"],
  [`[A]\nx=${"a".repeat(MAX_UNIT_FILE)}\n`, "x:1: The file is larger than 1 MiB"],
];

test("what systemd would skip is an error with path and line", () => {
  for (const [text, message] of BAD) assert.throws(() => parseUnitFile(text, "x"), { code: "unit-syntax", message });
});

test("bytes that are not UTF-8 are refused", () => {
  assert.throws(() => decodeUnitFile(Buffer.from([0x5b, 0xff]), "x"), { code: "unit-syntax" });
  assert.equal(decodeUnitFile(Buffer.from("[é]"), "x"), "[é]");
});
