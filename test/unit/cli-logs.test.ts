import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { PassThrough, Readable } from "node:stream";
import { after, test } from "node:test";
import { writeSamplePods } from "../../packaging/build/sample-pods.ts";
import { logsCommand } from "../../src/cli/command/logs.ts";
import type { Context } from "../../src/cli/context.ts";
import { readOptions } from "../../src/cli/read-options.ts";
import { run } from "../../src/cli/run/logs.ts";
import type { Host, PipedProgram } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-logs-`);
after(() => rmSync(base, { recursive: true }));
writeSamplePods(base);

const uuid = "00000000-0000-4000-8000-000000000002";
const own = `/var/log/journal/${uuid.replaceAll("-", "")}`;

interface Journals {
  /** Times of the entries of the pod's own journal; undefined: there is none. */
  readonly pod: readonly number[] | undefined;
  readonly host: readonly number[];
}

/** What is printed with these words, with a journalctl of ours. */
async function logs(journals: Journals, given: Readonly<Record<string, string>>): Promise<string[]> {
  let stdout = "";
  const host: Host = {
    ...real,
    files: {
      ...real.files,
      tryLstat: (path) => (path === own && journals.pod !== undefined ? real.files.tryLstat(base) : real.files.tryLstat(path)),
    },
    programs: { ...real.programs, pipe: (argv) => journalctl(journals, argv) },
  };
  const paths = { dataDir: base, runDir: `${base}/run`, etcDir: "/nowhere", libDir: "/nowhere" };
  const context = { host, paths, stdout: { write: (text: string) => (stdout += text) } } as unknown as Context;
  const options = readOptions(logsCommand.options ?? [], new Map(Object.entries(given).map(([name, value]) => [name, [value]])));
  assert.equal(await run(context, [uuid], options), 0);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.replace(/^.*: /, ""));
}

function journalctl({ pod, host }: Journals, argv: readonly string[]): PipedProgram {
  const isOwn = argv.includes(`--directory=${own}`);
  const lines = Number(/--lines=(\d+)/.exec(argv.join(" "))?.[1] ?? Infinity);
  const entries = ((isOwn ? pod : host) ?? [])
    .slice(-lines)
    .map((time) => JSON.stringify({ __REALTIME_TIMESTAMP: `${time}`, MESSAGE: `${isOwn ? "pod" : "host"} ${time}` }));
  const output = Readable.from([Buffer.from(entries.map((entry) => `${entry}\n`).join(""))]);
  return { input: new PassThrough(), output, done: Promise.resolve(""), kill: () => undefined };
}

test("logs of a pod that has no journal: an error, but for its events", async () => {
  await assert.rejects(logs({ pod: undefined, host: [1] }, {}), { code: "journal-missing" });
  assert.deepEqual(await logs({ pod: undefined, host: [1, 2] }, { events: "true" }), ["host 1", "host 2"]);
});

test("logs --events puts both journals in the order of time", async () => {
  assert.deepEqual(await logs({ pod: [1, 4], host: [2, 3] }, { events: "true" }), ["pod 1", "host 2", "host 3", "pod 4"]);
});

test("logs --events --lines counts entries of both journals together", async () => {
  const journals = { pod: [1, 4, 5], host: [2, 3, 6] };
  assert.deepEqual(await logs(journals, { events: "true", lines: "3" }), ["pod 4", "pod 5", "host 6"]);
  assert.deepEqual(await logs(journals, { events: "true", lines: "100" }), ["pod 1", "host 2", "host 3", "pod 4", "pod 5", "host 6"]);
  assert.deepEqual(await logs({ pod: undefined, host: [2, 3] }, { events: "true", lines: "1" }), ["host 3"]);
});
