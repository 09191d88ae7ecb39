import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { composeEnvironment } from "../../src/apply/environment.ts";
import { parseEnvironmentFile } from "../../src/apply/environment-file.ts";

const user = { uid: 0, gid: 0, supplementaryGids: [] };

describe("composeEnvironment", () => {
  it("gives later layers precedence and keeps the names unique", () => {
    const result = composeEnvironment("web", user, [
      [
        { name: "A", value: "image" },
        { name: "PATH", value: "/bin" },
      ],
      [{ name: "A", value: "declared" }],
    ]);
    const names = result.map((variable) => variable.name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      result.filter((variable) => ["A", "PATH"].includes(variable.name)),
      [
        { name: "PATH", value: "/bin" },
        { name: "A", value: "declared" },
      ],
    );
  });
  it("does not let an app say which app it is", () => {
    const result = composeEnvironment("web", user, [[{ name: "AC_APP_NAME", value: "other" }]]);
    assert.equal(result.find((variable) => variable.name === "AC_APP_NAME")?.value, "web");
  });
  it("names the user as the image does", () => {
    const result = composeEnvironment("web", { uid: 33, gid: 33, supplementaryGids: [], name: "www", home: "/var/www", shell: "" }, []);
    const value = (name: string) => result.find((variable) => variable.name === name)?.value;
    assert.deepEqual([value("USER"), value("HOME"), value("SHELL")], ["www", "/var/www", "/bin/sh"]);
  });
});

describe("parseEnvironmentFile", () => {
  const cases: readonly [text: string, expected: Record<string, string>][] = [
    ["# c\n; c\n\nA=1\n", { A: "1" }],
    ['A=\'x y\' \nB="a\\"b"\n', { A: "x y", B: 'a"b' }],
    ["A=one\\\ntwo\n", { A: "onetwo" }],
    ["A=$HOME %h\n", { A: "$HOME %h" }],
    ["A=\n", { A: "" }],
    // What systemd makes of these: 252's systemd-run with such a file.
    ['CFG={"a":1}\nMOTD=it\'s\n', { CFG: '{"a":1}', MOTD: "it's" }],
    ['RE="^\\d+\\$"\n', { RE: "^\\d+$" }],
    ["A=C:\\\\\nB=2\n", { A: "C:\\", B: "2" }],
    ["# note \\\nK=v\n", { K: "v" }],
    ['KEY="-----BEGIN\nabc\n-----END"  \nB=x', { KEY: "-----BEGIN\nabc\n-----END", B: "x" }],
    ["A='x' \"y\" z \n", { A: "xyz" }],
    ["  A \t=  b c  \r\nB=\\ c\\ \n", { A: "b c", B: " c " }],
    ["A='a\\\nb'\n", { A: "a\\\nb" }],
    ['A="a\\\nb"', { A: "ab" }],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const result = parseEnvironmentFile(text, "x");
      assert.deepEqual(Object.fromEntries(result.map(({ name, value }) => [name, value])), expected);
    });
  }
  it("refuses what is no assignment", () =>
    assert.throws(() => parseEnvironmentFile("export A=1\n", "here"), /^RktError: here: line 1 is not NAME=VALUE/));
  it("refuses a quote that is not closed", () =>
    assert.throws(() => parseEnvironmentFile("B=1\nA='x\n", "here"), /^RktError: here: line 2 begins a quoted value that never ends/));
});
