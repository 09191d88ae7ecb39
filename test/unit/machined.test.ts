import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { formatAddress } from "../../machined/addresses.ts";
import { compareInterface } from "../../machined/compare-interface.ts";

const WANTED = `<node><!-- <method name="No"/> --><interface name="i">
  <method name="M"><arg name="a" type="s" direction="in"/><arg type="ao" direction="out"/></method>
  <signal name="S"><arg type="u"/></signal><property name="P" type="t" access="read"/>
</interface></node>`;

describe("an interface fits", () => {
  test("itself, and one with more members and annotations", () => {
    assert.deepEqual(compareInterface(WANTED, WANTED), []);
    const more = WANTED.replace('<signal name="S">', '<method name="N"></method><signal name="S"><annotation name="x" value="y"/>');
    assert.deepEqual(compareInterface(WANTED, more), []);
  });

  test("unless a member is missing or has other arguments", () => {
    assert.deepEqual(compareInterface(WANTED, WANTED.replace('"ao"', '"o"')), ['i method M has arguments "s → o", not "s → ao"']);
    assert.deepEqual(compareInterface(WANTED, WANTED.replace('"P"', '"Q"')), ["i property P is missing"]);
    assert.deepEqual(compareInterface(WANTED, WANTED.replace('"i"', '"j"')).length, 3);
  });
});

test("the files list members that the reader sees", () => {
  for (const [file, count] of [
    ["Manager", 7],
    ["Machine", 10],
  ] as const) {
    const xml = readFileSync(new URL(`../../machined/org.freedesktop.machine1.${file}.xml`, import.meta.url), "utf8");
    assert.equal(compareInterface(xml, "").length, count);
  }
});

test("addresses are written as usual", () => {
  assert.deepEqual(formatAddress(2, Buffer.from([10, 0, 0, 7])), { family: "ipv4", address: "10.0.0.7" });
  assert.deepEqual(formatAddress(10, Buffer.from("fe800000000000000000000000000001", "hex")), { family: "ipv6", address: "fe80::1" });
});
