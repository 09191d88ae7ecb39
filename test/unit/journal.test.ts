import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { EVENT_IDS, type EventName } from "../../src/journal/event-kinds.ts";
import { cleanText, fieldsOf } from "../../src/journal/events.ts";
import { formatEntry } from "../../src/journal/format.ts";
import { journalctlArgs } from "../../src/journal/paths.ts";

test("every event is in the catalog, and the catalog has no others", () => {
  const catalog = readFileSync(new URL("../../packaging/catalog/rkt.catalog", import.meta.url), "utf8");
  const listed = [...catalog.matchAll(/^-- ([0-9a-f]{32})$/gm)].map((match) => match[1]);
  assert.deepEqual(listed.toSorted(), Object.values(EVENT_IDS).toSorted());
  assert.equal(new Set(listed).size, listed.length);
});

test("the catalog uses only fields that events have", () => {
  const catalog = readFileSync(new URL("../../packaging/catalog/rkt.catalog", import.meta.url), "utf8");
  const used = new Set([...catalog.matchAll(/@(\w+)@/g)].map((match) => match[1] ?? ""));
  const event = {
    name: "applied" as EventName,
    text: "",
    podUuid: "x",
    podName: "x",
    app: "x",
    imageId: "x",
    imageName: "x",
    keyFingerprint: "x",
  };
  const known = Object.keys(fieldsOf(event));
  assert.deepEqual(
    [...used].filter((name) => !known.includes(name)),
    [],
  );
});

test("an event's fields have constant names, and none is empty", () => {
  const fields = fieldsOf({ name: "refused", text: "x", podUuid: "u\0secret" });
  assert.deepEqual(fields, { MESSAGE_ID: EVENT_IDS.refused, SYSLOG_IDENTIFIER: "rkt", RKT_EVENT: "refused", RKT_POD_UUID: "u\\x00secret" });
});

test("a value has no NUL, no half character and an end", () => {
  assert.equal(cleanText("a\0b", 10), "a\\x00b");
  assert.equal(cleanText("x".repeat(20), 10), `${"x".repeat(9)}…`);
  assert.equal(cleanText("\ud800", 10), "\ufffd");
  assert.ok(!cleanText(`${"x".repeat(8)}😀😀`, 10).includes("\ud83d\u2026"));
});

describe("an entry of a pod's journal", () => {
  const show = (json: string): string => [...formatEntry(json)].join("\n");
  const entry = (fields: object): string => show(JSON.stringify({ __REALTIME_TIMESTAMP: "1795474621000000", ...fields }));

  test("is shown with time, app, process and message", () => {
    const line = entry({ SYSLOG_IDENTIFIER: "etcd", _PID: "12", MESSAGE: "ready\tto C:\\serve" });
    assert.match(line, /^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d etcd\[12\]: ready\tto C:\\serve$/);
  });

  test("gives a line with its head for each of its lines", () => {
    const lines = entry({ SYSLOG_IDENTIFIER: "a", MESSAGE: "one\ntwo\n" }).split("\n");
    assert.deepEqual(
      lines.map((line) => line.slice(16)),
      ["a: one", "a: two"],
    );
  });

  test("cannot reach the terminal or forge another line", () => {
    assert.equal(entry({ SYSLOG_IDENTIFIER: "a\nb", MESSAGE: "\x1b[2J\r\u202e" }).slice(16), "a\\nb: \\x1b[2J\\x0d\\u202e");
    assert.equal(entry({ SYSLOG_IDENTIFIER: "a", MESSAGE: [0x1b, 0x5b, 0xff] }).slice(16), "a: \\x1b[\ufffd");
    assert.equal(show("\x1bgarbage"), "(unreadable entry) \\x1bgarbage");
    assert.equal(show("null"), "(unreadable entry) null");
  });

  test("has a head that is not longer than a line, whatever its sender calls itself", () => {
    const identifier = "😀".repeat(1000);
    assert.equal(entry({ SYSLOG_IDENTIFIER: identifier, SYSLOG_PID: "9".repeat(99) }).length, 16 + 256 + "[]: ".length + 32);
  });

  test("may have more lines than fit into any string with their heads", () => {
    const lines = formatEntry(JSON.stringify({ SYSLOG_IDENTIFIER: "x".repeat(65_536), MESSAGE: "\n".repeat(4_000_000) }));
    let count = 0;
    for (const line of lines) {
      count += 1;
      assert.ok(line.length < 300);
      if (count === 10) break;
    }
    assert.equal(count, 10);
  });

  test("may repeat or lack fields", () => {
    assert.equal(entry({ MESSAGE: ["one", "two"] }).slice(16), "unknown: one");
    assert.equal(entry({ MESSAGE: null }).slice(16), "unknown: ");
    assert.equal(show("{}"), "(no time) unknown: ");
  });
});

test("journalctl reads the pod's directories and nothing else", () => {
  const one = journalctlArgs({ directories: ["/var/log/journal/x"], app: "a", lines: 5 });
  assert.ok(one.includes("--directory=/var/log/journal/x") && one.includes("--identifier=a") && one.includes("--lines=5"));
  const two = journalctlArgs({ directories: ["/var/log/journal/x", "/run/log/journal/x"], follow: true });
  assert.deepEqual(two.slice(1, 3), ["--file=/var/log/journal/x/*.journal", "--file=/run/log/journal/x/*.journal"]);
  assert.ok(two.includes("--follow") && two.includes("--no-tail"));
});
