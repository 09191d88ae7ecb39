import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { formatPages } from "../../packaging/man/pages.ts";
import { formatBash } from "../../packaging/completion/bash.ts";
import { formatFish } from "../../packaging/completion/fish.ts";
import { listEntries } from "../../packaging/completion/tree.ts";
import { formatZsh } from "../../packaging/completion/zsh.ts";
import { findAbsent } from "../../src/cli/absent.ts";
import { rootCommand } from "../../src/cli/command/index.ts";
import type { CommandDeclaration } from "../../src/cli/declaration.ts";
import { globalOptions } from "../../src/cli/global-options.ts";
import { visibleOptions } from "../../src/cli/help.ts";

const SOURCE = `${import.meta.dirname}/../../src/cli`;

function listPaths(commands: readonly CommandDeclaration[], above: readonly CommandDeclaration[] = []): (readonly CommandDeclaration[])[] {
  return commands.flatMap((command) => [[...above, command], ...listPaths(command.commands ?? [], [...above, command])]);
}

const paths = listPaths(rootCommand.commands ?? []);
const fileOf = (path: readonly CommandDeclaration[]): string => `${path.map((command) => command.name).join("-")}.ts`;

test("every file of command/ is a command of the tree and the other way round", () => {
  const files = readdirSync(`${SOURCE}/command`).filter((file) => file !== "index.ts" && file.endsWith(".ts"));
  assert.deepEqual(paths.map(fileOf).toSorted(), files.toSorted());
});

test("every command that runs leads to a file that exports run, and every file of run/ belongs to a command", async () => {
  const runnable = paths.filter((path) => path.at(-1)?.run !== undefined);
  for (const path of runnable) {
    const source = readFileSync(`${SOURCE}/command/${fileOf(path)}`, "utf8");
    const alias = /\.\.\.\w+Command/.test(source);
    if (alias) continue;
    assert.match(source, new RegExp(`import\\("\\.\\./run/${fileOf(path).replace(".", "\\.")}"\\)`), fileOf(path));
    assert.ok(existsSync(`${SOURCE}/run/${fileOf(path)}`), `run/${fileOf(path)} is missing`);
  }
  const names = new Set(runnable.map(fileOf));
  const strangers = readdirSync(`${SOURCE}/run`).filter((file) => file.endsWith(".ts") && !names.has(file));
  assert.deepEqual(strangers, []);
});

test("every command has a summary, a description, an example of itself and sentences without period", () => {
  for (const path of [[rootCommand], ...paths]) {
    const command = path.at(-1) ?? rootCommand;
    const name = fileOf(path);
    assert.match(command.summary, /[^.]$/, name);
    assert.ok(command.description.length > 0, name);
    for (const text of command.description) assert.match(text, /\.$/, `${name}: ${text}`);
    assert.ok(command.examples.length > 0, `${name} has no example`);
    for (const option of command.options ?? []) assert.match(option.description, /[^.]$/, `${name} --${option.name}`);
  }
});

test("options of a command are unique and none hides a global one", () => {
  for (const path of paths) {
    const names = [...(path.at(-1)?.options ?? []), ...globalOptions].map((option) => option.name);
    assert.deepEqual([...new Set(names)], names, fileOf(path));
  }
});

test("a required argument never follows an optional one, and a variadic one is the last", () => {
  for (const path of paths) {
    const list = path.at(-1)?.arguments ?? [];
    const firstOptional = list.findIndex((argument) => argument.optional === true);
    if (firstOptional >= 0)
      assert.ok(
        list.slice(firstOptional).every((argument) => argument.optional === true),
        fileOf(path),
      );
    assert.ok(
      list.slice(0, -1).every((argument) => argument.variadic !== true),
      fileOf(path),
    );
  }
});

test("no command is one that is said to be absent", () => {
  for (const path of paths) assert.equal(findAbsent(path.map((command) => command.name)), undefined, fileOf(path));
});

test("completion names every command and option that is not hidden", () => {
  const entries = listEntries(rootCommand);
  const shells = { bash: formatBash(entries), zsh: formatZsh(entries), fish: formatFish(entries) };
  for (const path of paths) {
    const command = path.at(-1) ?? rootCommand;
    const name = path.map(({ name: word }) => word).join(" ");
    if (path.some((part) => part.hidden === true)) continue;
    for (const [shell, text] of Object.entries(shells)) {
      assert.ok(text.includes(`'${name}'`), `${shell} has no ${name}`);
      for (const option of visibleOptions(command.options ?? []))
        assert.ok(text.includes(`--${option.name}`), `${shell}: --${option.name}`);
    }
  }
});

test("each argument says how it is completed, but for words that are free", () => {
  const free = ["enter CMD", "enter ARGS", "complete images|apps", "complete TEXT|POD"];
  const silent = paths.flatMap((path) => {
    const { name, arguments: list = [] } = path.at(-1) ?? rootCommand;
    return list
      .filter((argument) => argument.completes === undefined && argument.choices === undefined)
      .map((argument) => `${name} ${argument.name}`);
  });
  assert.deepEqual(silent.toSorted(), free.toSorted());
});

test("rkt.1 escapes what roff would read", () => {
  const [page] = formatPages({ ...rootCommand, description: [".TH is no request, \\e no escape-sequence."] }, "1");
  assert.match(page?.text ?? "", /\n\\&\.TH is no request, \\ee no escape\\-sequence\./);
});
