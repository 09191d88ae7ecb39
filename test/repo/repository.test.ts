import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { listFiles, ROOT } from "./files.ts";
import { LAYERS, TOP_LEVEL } from "./layers.ts";

const files = listFiles();
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("nothing else stands at the top level", () => {
  const found = readdirSync(ROOT).filter((name) => ![".git", ".build", "node_modules"].includes(name));
  assert.deepEqual(
    found.filter((name) => !TOP_LEVEL.includes(name)),
    [],
  );
});

test("each folder of the table has a README.md of at most a page", () => {
  const folders = Object.keys(LAYERS)
    .map((name) => (name === "machined" ? name : `src/${name}`))
    .filter((name) => existsSync(join(ROOT, name)) && readdirSync(join(ROOT, name)).length > 0);
  const wrong = [...folders, "src", "units", "test", "packaging"].filter((folder) => {
    const path = join(ROOT, folder, "README.md");
    return !existsSync(path) || readFileSync(path, "utf8").split("\n").length > 100;
  });
  assert.deepEqual(wrong, []);
});

test("what a README.md names is there", () => {
  const named = files.filter((path) => path.endsWith("README.md")).flatMap((path) => namesOf(read(path)).map((name) => ({ path, name })));
  assert.ok(named.length > 50, `only ${named.length} names were found`);
  // Relative to the README.md, to the top, or to the folders whose parts are spoken of without them.
  const isThere = (path: string, name: string): boolean =>
    [dirname(path), "", "src", "test", ...listFolders(dirname(path))].some((folder) => existsSync(join(ROOT, folder, name)));
  assert.deepEqual(
    named.filter(({ path, name }) => !isThere(path, name)),
    [],
  );
});

/** Links that stay in the repository, and files in backquotes. */
function namesOf(text: string): readonly string[] {
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((found) => found[1] ?? "");
  const quoted = [...text.matchAll(/`([\w./-]+\.(?:ts|sh|c|md|pod))`/g)].map((found) => found[1] ?? "");
  return [...links, ...quoted.filter((name) => !name.startsWith("/") && !/(^|[/-])[A-Z]+\./.test(name))];
}

function listFolders(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map((entry) => join(folder, entry.name));
}

test("no path of one machine, no unfinished business", () => {
  // In pieces, so that this file does not find itself.
  const forbidden = [
    ["/wo", "rk/"],
    ["/ho", "me/"],
    ["/Us", "ers/"],
    ["TO", "DO"],
    ["FIX", "ME"],
  ].map((parts) => parts.join(""));
  const wrong = files
    .filter((path) => !/^package-lock\.json$|\.(png|aci|gpg)$/.test(path))
    .flatMap((path) => forbidden.filter((word) => read(path).includes(word)).map((word) => `${path}: ${word}`));
  assert.deepEqual(wrong, []);
});

test("source files stay below 300 lines, half of them below 90", () => {
  const lengths = files
    .filter((path) => /^(src|machined)\/.*\.ts$/.test(path))
    .map((path) => ({ path, lines: read(path).split("\n").length }));
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > 300),
    [],
  );
  const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  assert.ok(median <= 90, `the median is ${median}`);
});

test("the changelog has an entry for the version", () => {
  const { version } = JSON.parse(read("package.json")) as { readonly version: string };
  assert.match(read("packaging/CHANGELOG.md"), new RegExp(`^## ${version.replaceAll(".", "\\.")}$`, "m"));
});

test("versions of the given packages are exact", () => {
  const { dependencies } = JSON.parse(read("package.json")) as { readonly dependencies: Record<string, string> };
  for (const name of ["commander", "dbus-next", "openpgp", "systemd-journald", "tar-stream"]) {
    assert.match(dependencies[name] ?? "", /^\d+\.\d+\.\d+$/, name);
  }
});
