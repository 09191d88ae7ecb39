import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { escapePath, escapeUnitName, quoteArgv, quoteValue, splitWords } from "../../src/unit/quote.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";
import { parseUnitFile } from "../../src/unit/parse.ts";

const WORDS: readonly (readonly [value: string, words: readonly string[]])[] = [
  ["", []],
  ["  a\tb  ", ["a", "b"]],
  [`"a b" 'c "d"' e"f g"h`, ["a b", 'c "d"', "ef gh"]],
  [`"" ''`, ["", ""]],
  [`a\\x41\\101\\u00e9\\U0001F600\\s\\n\\t\\\\\\"\\'`, ["aAAé😀 \n\t\\\"'"]],
  [`\\xc3\\xa9 "\\303\\251"`, ["é", "é"]],
  [`$HOME %h ; #`, ["$HOME", "%h", ";", "#"]],
];

test("splitWords reads systemd's quoting", () => {
  for (const [value, words] of WORDS) assert.deepEqual(splitWords(value), words, value);
});

test("splitWords refuses what systemd refuses", () => {
  for (const value of [
    `"a`,
    `'a"`,
    "a\\",
    "\\q",
    "\\x4",
    "\\x00",
    "\\000",
    "\\u0000",
    "\\uD800",
    "\\U00110000",
    "\\777",
    "\\xff",
    "\\xc3x",
  ]) {
    assert.throws(() => splitWords(value), { code: "unit-quoting" }, value);
  }
});

test("quoteArgv is read back as the same arguments", () => {
  const word = fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !text.includes("\0") && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (args) => {
      const line = quoteArgv(["/bin/x", ...args]);
      assert.deepEqual(expand(splitWords(line)), ["/bin/x", ...args]);
      const text = serializeUnitFile(unitFile({ Service: [["ExecStart", line]] }));
      assert.equal(parseUnitFile(text, "x").sections[0]?.entries[0]?.value, line);
    }),
    { numRuns: 2000 },
  );
});

test("quoteValue is read back as the same word", () => {
  const text = fc
    .string({ unit: "binary", maxLength: 20 })
    .filter((value) => !/[\0\p{Noncharacter_Code_Point}]/u.test(value) && value.isWellFormed());
  fc.assert(
    fc.property(text, (value) => {
      const words = splitWords(quoteValue(`A=${value}`)).map((word) => word.replaceAll("%%", "%"));
      assert.deepEqual(words, [`A=${value}`]);
    }),
  );
  assert.throws(() => quoteValue("\uFFFE"), { code: "unit-value-invalid" });
});

test("quoteArgv shows plain words plain and nothing invisible", () => {
  assert.equal(quoteArgv(["/bin/etcd", "--name=a", "two words", "", ";", "100%", "$x"]), `/bin/etcd --name=a "two words" "" ";" 100%% $$x`);
  assert.equal(quoteArgv(["/bin/x", "a\nb", "\u202e", 'q"\\']), String.raw`/bin/x "a\nb" "\xe2\x80\xae" "q\"\\"`);
});

test("a program's path with a dollar sign asks systemd for no expansion at all", () => {
  assert.equal(quoteArgv(["/bin/$x", "$y", "%"]), ":/bin/$x $y %%");
});

test("quoteArgv refuses programs that no Exec line can name", () => {
  for (const program of ["", "@x", "-x", ":x", "+x", "!x", "|x", "bin/x", "./x", "/bin/", "/a'b", '/a"b', "/a\\b", "/a\nb", "/a\0", ".."]) {
    assert.throws(() => quoteArgv([program]), { code: "unit-value-invalid" }, program);
  }
  assert.throws(() => quoteArgv([]), { code: "unit-value-invalid" });
  assert.throws(() => quoteArgv(["/x", "a\0"]), { code: "unit-value-invalid" });
  assert.throws(() => quoteArgv(["/x", "\ud800"]), { code: "unit-value-invalid" });
  assert.throws(() => quoteArgv(["/x", "a".repeat(1024 * 1024)]), { code: "unit-value-invalid" });
});

test("names are escaped as systemd-escape does", () => {
  const names = ["a", "a-b/c.d", ".hidden", "é x@y", "a:b_c", "\\", "-"];
  const paths = ["/", "/var/lib/x-y", "//a/./b/", "/.x"];
  assert.deepEqual(names.map(escapeUnitName), ["a", "a\\x2db-c.d", "\\x2ehidden", "\\xc3\\xa9\\x20x\\x40y", "a:b_c", "\\x5c", "\\x2d"]);
  assert.deepEqual(paths.map(escapePath), ["-", "var-lib-x\\x2dy", "a-b", "\\x2ex"]);
  assert.throws(() => escapePath("/a/../b"), { code: "unit-value-invalid" });
  const tool = spawnSync("systemd-escape", ["--", ...names], { encoding: "utf8" });
  if (tool.status === 0) assert.equal(names.map(escapeUnitName).join(" "), tool.stdout.trim());
  const pathTool = spawnSync("systemd-escape", ["--path", ...paths], { encoding: "utf8" });
  if (pathTool.status === 0) assert.equal(paths.map(escapePath).join(" "), pathTool.stdout.trim());
});

/** What systemd does to words of an Exec line after splitting them. */
function expand(words: readonly string[]): string[] {
  return words.map((word) => word.replaceAll("%%", "%").replaceAll("$$", "$"));
}
