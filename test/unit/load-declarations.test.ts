import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { parsePodName } from "../../src/base/id.ts";
import { findDeclarations, type FoundDeclarations } from "../../src/config/load-declarations.ts";
import { podFileDirectories } from "../../src/config/paths.ts";
import { assertRootOwned } from "../../src/config/trusted-dirs.ts";
import { createHost } from "../../src/host/node-host.ts";

const host = createHost();
let top = "";
before(() => (top = mkdtempSync(join(tmpdir(), "rkt-config-"))));
after(() => rmSync(top, { recursive: true }));

/** A tree of its own for each test: `FILE → text`, or `→ ../x` for a link. */
function makeTree(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(top, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 });
    if (text.startsWith("→ ")) symlinkSync(text.slice(2), join(root, path));
    else writeFileSync(join(root, path), text, { mode: 0o644 });
  }
  return root;
}

function find(root: string, names?: readonly string[]): FoundDeclarations {
  const directories = podFileDirectories({ etcDir: `${root}/etc`, runDir: `${root}/run`, libDir: `${root}/lib` });
  const options = { directories, top, uid: host.uid };
  return findDeclarations(host, names === undefined ? options : { ...options, names: names.map(parsePodName) });
}

function show(found: FoundDeclarations): unknown {
  return found.declarations.map(({ name, files }) => [name, ...files.map((file) => file.text)]);
}

test("the first directory wins, drop-ins of all three merge by name, masks hide", () => {
  const root = makeTree("merge", {
    "etc/pods.d/a.pod": "etc",
    "lib/pods.d/a.pod": "lib",
    "lib/pods.d/b.pod": "b",
    "lib/pods.d/gone.pod": "x",
    "etc/pods.d/gone.pod": "→ /dev/null",
    "lib/pods.d/empty.pod": "x",
    "run/pods.d/empty.pod": "",
    "lib/pods.d/a.pod.d/10.conf": "lib10",
    "etc/pods.d/a.pod.d/20.conf": "etc20",
    "run/pods.d/a.pod.d/10.conf": "run10",
    "lib/pods.d/a.pod.d/30.conf": "lib30",
    "run/pods.d/a.pod.d/30.conf": "→ /dev/null",
    "run/pods.d/a.pod.d/note.txt": "x",
    "etc/pods.d/README": "x",
  });
  const found = find(root);
  assert.deepEqual(show(found), [
    ["a", "etc", "run10", "etc20"],
    ["b", "b"],
  ]);
  assert.deepEqual(found.masked, ["empty", "gone"]);
  assert.deepEqual(found.problems, []);
});

test("pods asked for by name that are missing or masked are problems", () => {
  const root = makeTree("names", { "etc/pods.d/a.pod": "a", "etc/pods.d/m.pod": "" });
  const found = find(root, ["a", "m", "no"]);
  assert.deepEqual(show(found), [["a", "a"]]);
  assert.deepEqual(
    found.problems.map(({ name, error }) => [name, error.code]),
    [
      ["no", "pod-not-declared"],
      ["m", "pod-masked"],
    ],
  );
});

test("no directory at all is no pod and no problem", () => {
  assert.deepEqual(find(join(top, "nowhere")), { declarations: [], problems: [], masked: [] });
});

test("a file name that is no pod's name is a problem of its own", () => {
  const found = find(makeTree("bad-name", { "etc/pods.d/a b.pod": "x", "etc/pods.d/ok.pod": "x" }));
  assert.deepEqual(show(found), [["ok", "x"]]);
  assert.deepEqual(
    found.problems.map(({ error }) => error.code),
    ["pod-name-invalid"],
  );
});

test("files whose names begin with a dot are passed over", () => {
  const root = makeTree("dots", {
    "etc/pods.d/a.pod": "a",
    "etc/pods.d/.#a.pod": "→ somebody@somewhere.1234",
    "etc/pods.d/.b.pod": "x",
    "etc/pods.d/a.pod.d/.#10.conf": "→ somebody@somewhere.1234",
    "etc/pods.d/a.pod.d/10.conf": "10",
  });
  const found = find(root);
  assert.deepEqual(show(found), [["a", "a", "10"]]);
  assert.deepEqual(found.problems, []);
});

const WRITABLE: readonly (readonly [what: string, path: string, mode: number])[] = [
  ["file", "etc/pods.d/a.pod", 0o664],
  ["file-others", "etc/pods.d/a.pod", 0o646],
  ["drop-in", "etc/pods.d/a.pod.d/1.conf", 0o666],
  ["drop-in-directory", "etc/pods.d/a.pod.d", 0o775],
  ["directory", "etc/pods.d", 0o777],
  ["sticky-directory", "etc", 0o1777],
];

test("what others may write is refused with the path and what to do", () => {
  for (const [what, path, mode] of WRITABLE) {
    const root = makeTree(`writable-${what}`, { "etc/pods.d/a.pod": "x", "etc/pods.d/a.pod.d/1.conf": "x" });
    chmodSync(join(root, path), mode);
    const found = find(root);
    assert.deepEqual(found.declarations, [], what);
    assert.equal(found.problems[0]?.error.code, "not-root-owned", what);
    assert.match(found.problems[0]?.error.hint ?? "", /chmod go-w/, what);
  }
});

test("links are followed to what they lead to, which is checked too", () => {
  const root = makeTree("links", {
    "good/a.pod": "good",
    "bad/b.pod": "bad",
    "etc/pods.d/a.pod": "→ ../../good/a.pod",
    "etc/pods.d/b.pod": "→ ../../bad/b.pod",
    "etc/pods.d/c.pod": "→ c.pod",
    "etc/pods.d/d.pod": "→ missing.pod",
  });
  chmodSync(join(root, "bad"), 0o777);
  const found = find(root);
  assert.deepEqual(show(found), [["a", "good"]]);
  assert.deepEqual(
    found.problems.map(({ name }) => name),
    ["b", "c", "d"],
  );
});

test("a file that belongs to another user is refused", { skip: host.uid !== 0 && "only root can give files away" }, () => {
  const root = makeTree("owner", { "etc/pods.d/a.pod": "x" });
  chownSync(join(root, "etc/pods.d/a.pod"), 65534, 65534);
  assert.match(find(root).problems[0]?.error.message ?? "", /belongs to user 65534, not to root/);
});

test("without a top everything up to / is checked", () => {
  assert.throws(() => assertRootOwned(host, makeTree("deep", { x: "" }), { uid: host.uid }), { code: "not-root-owned" });
  assert.equal(assertRootOwned(host, "/usr/../usr/./bin"), "/usr/bin");
  assert.equal(assertRootOwned(host, "/"), "/");
});
