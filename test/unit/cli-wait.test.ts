import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "../../src/cli/read-options.ts";
import { parseWait } from "../../src/cli/wait.ts";

function wait(value: string | undefined): number | undefined {
  const given = new Map(value === undefined ? [] : [["wait", [value]]]);
  return parseWait(readOptions([{ name: "wait", kind: "optional", description: "" }], given), "wait");
}

const FOR_EVER = undefined;
const cases: readonly (readonly [string, number | undefined])[] = [
  ...["true", "1", "t", "T", "TRUE", "True"].map((text) => [text, FOR_EVER] as const),
  ...["false", "0", "f", "F", "FALSE", "0s", "0ms"].map((text) => [text, 0] as const),
  ...["-1", "-1s", "-0.5h", "infinity", "30d", "1000h"].map((text) => [text, FOR_EVER] as const),
  ["50ms", 50],
  ["1m30s", 90_000],
  ["1.5s", 1500],
  ["10", 10_000],
  ["1us", 1],
];

for (const [text, expected] of cases) test(`--wait=${text} waits ${expected ?? "for ever"}`, () => assert.equal(wait(text), expected));

test("without --wait nobody waits", () => assert.equal(wait(undefined), 0));

for (const text of ["soon", "-", "--1s", "", "1x", "-soon"]) {
  test(`--wait=${text} is refused`, () => {
    assert.throws(() => wait(text), { code: "usage", message: `Cannot use --wait="${text}": it is no duration` });
  });
}
