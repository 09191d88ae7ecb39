/** Whole pages of help. `UPDATE=1 npm run ok` writes the expectations anew: read their difference. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rootCommand } from "../../src/cli/command/index.ts";
import { formatCommandHelp, formatRootHelp } from "../../src/cli/help.ts";
import { resolveCommand } from "../../src/cli/resolve.ts";

const EXPECTED = join(import.meta.dirname, "help");

/** rkt itself, a group, a group that is a command too, and commands with all that a page can hold. */
const PAGES = ["", "image", "trust", "image list", "status", "enter", "pod apply", "version"];

for (const words of PAGES) {
  test(`rkt help ${words}`, () => {
    const { path } = resolveCommand(rootCommand, words.split(" ").filter(Boolean));
    const text = path.length === 0 ? formatRootHelp(rootCommand, "1.2.3") : formatCommandHelp(path);
    const file = join(EXPECTED, `${["rkt", ...path.map((command) => command.name)].join("-")}.txt`);
    if (process.env["UPDATE"] === "1") {
      mkdirSync(EXPECTED, { recursive: true });
      writeFileSync(file, text);
    }
    assert.equal(text, readFileSync(file, "utf8"));
  });
}
