import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteArgv, quoteValue } from "../../src/unit/quote.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";
import { bootHost } from "../lib/host.ts";
import { forEachSuite } from "../lib/each-suite.ts";

const ARGUMENTS: readonly string[] = [
  ...[
    "plain",
    "",
    " ",
    "two words",
    "tab\there",
    "new\nline",
    "\r",
    "\x01\x7f\x1b[1m",
    "'",
    '"',
    "\\",
    "\\n",
    "\\x41",
    "a'b\"c\\d",
    "trailing\\",
  ],
  ...[
    "$HOME",
    "${HOME}",
    "$",
    "$$",
    "$$HOME",
    "a$b",
    "%",
    "%%",
    "%n",
    "%h%",
    "100%",
    ";",
    "\\;",
    "#",
    "-",
    "@x",
    "=",
    "a=b",
    "{}",
    "~",
    "*",
    "!",
    "|",
  ],
  ...["é", "😀", "\u202e", "\u0085", "\u2028", "\uFEFF", "\uFFFE", "\u{1F9FF}", "[Service]", "x".repeat(5000)],
];
const VALUE = ` a"b'c\\d %n $HOME \t é\n`;

forEachSuite((suite) => {
  test("systemd reads back exactly the arguments and variables that were quoted", async () => {
    await using host = await bootHost({ suite, rkt: false });
    const script = `printf '%s\\0' "$VALUE" "$@" > /run/out`;
    const unit = unitFile({
      Service: [
        ["Type", "oneshot"],
        ["Environment", quoteValue(`VALUE=${VALUE}`)],
        ["ExecStart", quoteArgv(["/bin/sh", "-c", script, "sh", ...ARGUMENTS])],
        ["ExecStart", quoteArgv(["/run/a b$HOME%n", "$HOME", "%"])],
      ],
    });
    await host.write("/run/a b$HOME%n", `#!/bin/sh\nprintf '%s\\0' "$@" > /run/out2\n`, 0o755);
    await host.write("/run/systemd/system/quoting.service", serializeUnitFile(unit));
    await host.sh("systemctl daemon-reload && systemctl start quoting.service");
    assert.deepEqual((await host.read("/run/out")).split("\0").slice(0, -1), [VALUE, ...ARGUMENTS]);
    assert.deepEqual((await host.read("/run/out2")).split("\0").slice(0, -1), ["$HOME", "%"]);
  });
});
