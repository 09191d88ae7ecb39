import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPages } from "../../packaging/man/pages.ts";
import { rootCommand } from "../../src/cli/command/index.ts";
import type { CommandDeclaration } from "../../src/cli/declaration.ts";
import { runRkt } from "../lib/program.ts";
import { readHelp, readPage, type Manual } from "../lib/read-manual.ts";

type Path = readonly CommandDeclaration[];

function listShown(commands: readonly CommandDeclaration[], above: Path = []): Path[] {
  const shown = commands.filter((command) => command.hidden !== true);
  return shown.flatMap((command) => [[...above, command], ...listShown(command.commands ?? [], [...above, command])]);
}

const paths = listShown(rootCommand.commands ?? []);
const pages = new Map(formatPages(rootCommand, "1.2.3").map((page) => [page.file, readPage(page.text)]));
const wordsOf = (path: Path): string[] => path.map((command) => command.name);
const pageOf = (path: Path): string => `${["rkt", ...wordsOf(path)].join("-")}.1`;

test("there is a page for each command and group, and none besides", () => {
  assert.deepEqual([...pages.keys()].toSorted(), ["rkt.1", ...paths.map(pageOf)].toSorted());
});

test("--help, -h and rkt help print the same help of each command", async () => {
  for (const path of [[], ...paths]) {
    const words = wordsOf(path);
    const [first, ...others] = [await runRkt([...words, "--help"]), await runRkt([...words, "-h"]), await runRkt(["help", ...words])];
    assert.deepEqual([first?.status, first?.stderr], [0, ""], words.join(" "));
    for (const other of others) assert.deepEqual(other, first, words.join(" "));
  }
});

for (const path of paths) {
  test(`the page of rkt ${wordsOf(path).join(" ")} says what its --help says`, async () => {
    const help = readHelp((await runRkt([...wordsOf(path), "--help"])).stdout);
    const page = pages.get(pageOf(path)) ?? new Map();
    assert.deepEqual(page.get("SYNOPSIS")?.literal, help.get("USAGE")?.literal);
    assert.equal(page.get("NAME")?.text, `${["rkt", ...wordsOf(path)].join("-")} - ${help.get("NAME")?.text.replace(/^.*? - /, "")}`);
    assert.equal(page.get("DESCRIPTION")?.text, help.get("DESCRIPTION")?.text);
    for (const title of ["OPTIONS", "EXIT STATUS", "FILES"]) compareColumns(title, page, help);
    assert.deepEqual(page.get("EXAMPLES")?.literal, help.get("EXAMPLES")?.literal);
    assert.equal(page.get("EXAMPLES")?.text.replaceAll(/:(?= |$)/g, ""), help.get("EXAMPLES")?.text);
    assert.deepEqual(
      page.get("COMMANDS")?.terms,
      help.get("COMMANDS")?.terms.map((name) => `rkt-${name.replaceAll(" ", "-")}(1)`),
    );
  });
}

test("rkt.1 says what rkt --help says", async () => {
  const help = readHelp((await runRkt(["--help"])).stdout);
  const page = pages.get("rkt.1") ?? new Map();
  assert.deepEqual(page.get("SYNOPSIS")?.literal, help.get("USAGE")?.literal);
  compareColumns("GLOBAL OPTIONS", page, help);
  assert.deepEqual(
    page.get("COMMANDS")?.terms,
    help.get("COMMANDS")?.terms.map((name) => `rkt-${name.replaceAll(" ", "-")}(1)`),
  );
});

test("each help has the sections of the original's, in its order", async () => {
  for (const path of paths) {
    const titles = [...readHelp((await runRkt(["help", ...wordsOf(path)])).stdout).keys()];
    const order = ["NAME", "USAGE", "DESCRIPTION", "COMMANDS", "OPTIONS", "GLOBAL OPTIONS", "FILES", "EXIT STATUS", "EXAMPLES"];
    assert.deepEqual(
      titles,
      order.filter((title) => titles.includes(title)),
    );
    for (const title of ["NAME", "USAGE", "DESCRIPTION", "GLOBAL OPTIONS", "EXAMPLES"]) assert.ok(titles.includes(title), title);
  }
});

function compareColumns(title: string, page: Manual, help: Manual): void {
  assert.deepEqual(page.get(title)?.terms, help.get(title)?.terms, title);
  assert.equal(page.get(title)?.text, help.get(title)?.text, title);
}
