import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./files.ts";
import { layerOf, readSources } from "./imports.ts";
import { LAYERS, MODULE_OWNERS, PACKAGE_OWNERS } from "./layers.ts";

/** Outside the table: the version is read there. */
const DATA = ["package.json"];

const sources = readSources();

test("every source file has a row in the layer table", () => {
  assert.ok(sources.length > 50, `the scanner found only ${sources.length} files`);
  assert.deepEqual(
    sources.filter((file) => LAYERS[file.layer] === undefined).map((file) => file.path),
    [],
  );
});

test("the layer table goes downwards only", () => {
  const names = Object.keys(LAYERS);
  const wrong = names.flatMap((name, index) =>
    (LAYERS[name] ?? []).filter((below) => names.indexOf(below) >= index).map((below) => `${name} → ${below}`),
  );
  assert.deepEqual(wrong, []);
});

test("imports go down the layer table only", () => {
  const wrong = sources.flatMap((file) => {
    const allowed = LAYERS[file.layer] ?? [];
    return file.files
      .filter((target) => !DATA.includes(target) && layerOf(target) !== file.layer && !allowed.includes(layerOf(target)))
      .map((target) => `${file.path} → ${target}`);
  });
  assert.deepEqual(wrong, []);
});

test("every import of a file names one that is there", () => {
  const wrong = sources.flatMap((file) =>
    file.files.filter((target) => !existsSync(join(ROOT, target))).map((target) => `${file.path} → ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test("no file imports itself through others", () => {
  const graph = new Map(sources.map((file) => [file.path, file.eager]));
  assert.deepEqual(findCycles(graph), []);
});

test("each npm package is imported by its owner only", () => {
  const wrong = sources.flatMap((file) =>
    file.packages
      .filter((name) => !name.startsWith("node:") && PACKAGE_OWNERS[name] !== file.layer)
      .map((name) => `${file.path} → ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test("modules of Node that reach the machine are imported by their owners only", () => {
  const wrong = sources.flatMap((file) =>
    file.packages.filter((name) => MODULE_OWNERS[name]?.includes(file.layer) === false).map((name) => `${file.path} → ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test("findCycles finds a cycle", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c"]],
    ["c", ["b"]],
  ]);
  assert.deepEqual(findCycles(graph), ["b → c → b"]);
});

function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) {
      cycles.push([...path.slice(path.indexOf(node)), node].join(" → "));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}
