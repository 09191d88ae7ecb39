/** Whatever an image or a pod file says in a value: the plan's units have exactly the keys they are meant to have, and give the value back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodPlan } from "../../src/apply/plan-pod.ts";
import { planPod } from "../../src/apply/plan-pod.ts";
import { RktError } from "../../src/base/error.ts";
import type { AppDescription, Engine } from "../../src/pod/engine.ts";
import type { PodDeclaration } from "../../src/spec/declaration.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import { createHost } from "../../src/host/node-host.ts";
import { splitWords } from "../../src/unit/words.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const FRAGMENTS: readonly string[] = [
  ...[
    "\n",
    "\r",
    "\r\n",
    "\\\n",
    "\\",
    "\\\\",
    '"',
    "'",
    "%",
    "%%",
    "%n",
    "$",
    "$$",
    "${HOME}",
    "$(id)",
    "`id`",
    ";",
    " ; ",
    "#",
    "\n#",
    " ",
  ],
  ...[
    "\t",
    "\v",
    "\f",
    "\u0085",
    "\u2028",
    "\u00a0",
    "\ufeff",
    "\u0001",
    "\u007f",
    "é",
    "\u{1f600}",
    "\ud800",
    "\ufffe",
    "=",
    ":",
    ",",
    "|",
    "-",
    "@",
    "+",
    "!",
  ],
  ...["\n[Service]\nExecStartPre=/bin/evil", "\nExecStart=/bin/evil", "[Service]", "ExecStart=", "/../../etc", "/", "a", "word", ""],
];

/** The same ones each time (a linear congruential generator: Numerical Recipes' constants). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function makeText(random: (below: number) => number): string {
  return Array.from({ length: 1 + random(5) }, () => FRAGMENTS[random(FRAGMENTS.length)]).join("");
}

const engine = loadEngines(createHost())[0] as Engine;

function plan(changes: Partial<AppDescription>): PodPlan {
  const pod = describePod({ apps: [describeApp("first", changes)] });
  const declaration = { name: pod.name, paths: ["/etc/rkt/pods.d/sample.pod"], unit: [], service: [], install: [], sockets: [] };
  return planPod(pod, {
    engine,
    dirs: { dataDir: "/var/lib/rkt", runDir: "/run/rkt" },
    version: "1",
    declaration: declaration as unknown as PodDeclaration,
    images: [],
  });
}

interface Line {
  readonly file: string;
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** As systemd reads lines: a backslash at the end joins, a comment is none only at the start of a line. */
function readLines(files: PodPlan["files"]): Line[] {
  return files.flatMap((file) => {
    if (file.kind !== "file" || !/\.(service|socket|target|mount|conf)$/.test(file.path) || file.path.endsWith("resolv.conf")) return [];
    let section = "";
    return file.content
      .replaceAll("\\\n", " ")
      .split(/\r\n|\n\r|\n|\r/)
      .flatMap((line): Line[] => {
        if (/^\s*([#;].*)?$/.test(line)) return [];
        const header = /^\s*\[(.*)\]\s*$/.exec(line);
        if (header !== null) section = header[1] ?? "";
        if (header !== null) return [];
        const equals = line.indexOf("=");
        assert.ok(equals > 0, `${file.path}: ${JSON.stringify(line)}`);
        return [{ file: file.path, section, key: line.slice(0, equals), value: line.slice(equals + 1) }];
      });
  });
}

const shapeOf = (lines: readonly Line[]): string[] => lines.map(({ file, section, key }) => `${file} [${section}] ${key}`);

function decodeArgv(value: string): string[] {
  const isLiteral = value.startsWith(":");
  const words = splitWords(isLiteral ? value.slice(1) : value).map((word) => word.replaceAll("%%", "%"));
  return isLiteral ? words : words.map((word) => word.replaceAll("$$", "$"));
}

function valuesOf(lines: readonly Line[], file: string, key: string): string[] {
  return lines.filter((line) => line.file.endsWith(`/${file}`) && line.key === key).map((line) => line.value);
}

function tryPlan(changes: Partial<AppDescription>): PodPlan | undefined {
  try {
    return plan(changes);
  } catch (error) {
    if (error instanceof RktError) return undefined;
    throw error;
  }
}

test("units of 1200 hostile apps have the keys of a harmless one, and give back what was said", () => {
  const random = createRandom(20_181_210);
  let planned = 0;
  for (let round = 0; round < 1200; round += 1) {
    const text = (): string => makeText(random);
    const exec = ["/bin/app", text(), text()];
    const environment = [
      { name: "PATH", value: text() },
      { name: "SECOND", value: text() },
    ];
    // One kind of value a round: each may refuse alone.
    const kinds: readonly Partial<AppDescription>[] = [
      { exec },
      { environment },
      { workingDirectory: `/${text()}` },
      { preStart: exec, postStop: exec },
      { exec: [`/${text()}`, "x"] },
      { image: { ...describeApp("first").image, name: text() as never } },
    ];
    const changes = kinds[round % kinds.length] ?? {};
    const hostile = tryPlan(changes);
    if (hostile === undefined) continue;
    planned += 1;
    const harmless = { environment: environment.map(({ name }) => ({ name, value: "x" })) };
    const lines = readLines(hostile.files);
    assert.deepEqual(shapeOf(lines), shapeOf(readLines(plan("environment" in changes ? harmless : {}).files)), JSON.stringify(changes));
    if (changes.exec !== undefined) assert.deepEqual(valuesOf(lines, "first.service", "ExecStart").map(decodeArgv), [changes.exec]);
    if (changes.preStart !== undefined) {
      assert.deepEqual(valuesOf(lines, "rkt_pre-start-first.service", "ExecStart").map(decodeArgv), [exec]);
      assert.deepEqual(valuesOf(lines, "rkt_post-stop-first.service", "ExecStop").map(decodeArgv), [exec]);
    }
    if (changes.environment !== undefined) {
      const words = valuesOf(lines, "first.service", "Environment").map((value) =>
        splitWords(value).map((word) => word.replaceAll("%%", "%")),
      );
      assert.deepEqual(
        words,
        environment.map(({ name, value }) => [`${name}=${value}`]),
      );
    }
  }
  assert.ok(planned > 400, `${planned} of them could be planned`);
});

test("a variable that systemd would drop without a word is refused", () => {
  const pod = describePod({ apps: [describeApp("first", { environment: [{ name: "discovery.type", value: "single-node" }] })] });
  const host = { ...createHost(), files: { ...createHost().files, exists: () => true } };
  assert.throws(() => engine.check(pod, host), { code: "environment-name", message: /"discovery\.type"/ });
});
