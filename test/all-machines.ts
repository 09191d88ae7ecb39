/**
 * Tests in virtual machines in one process, one after the other: so one process waits for machines while another one runs what needs none.
 * The runner takes files in the order of their names, and this is the longest one.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const directory = join(import.meta.dirname, "vm");
/** What takes long, for an hour has an end. */
const byThemselves = ["kvm-failures.test.ts", "kvm-stage1.test.ts"];
/**
 * Machines in an emulated machine, whose state emulators lose now and then (test/README.md): what failed is run once more, in another one.
 * What everything else needs comes first.
 */
const nested = ["kvm.test.ts", "kvm-network.test.ts", "kvm-run.test.ts", "engines.test.ts"];
/** Minutes: on a slow computer what would begin later is left out, and said to be. One of these files takes three to ten. */
const latestBegin = 36;
const longest = 13;

const files = globSync("*.test.ts", { cwd: directory }).toSorted();
for (const file of files) {
  if (!byThemselves.includes(file) && !nested.includes(file)) await import(join(directory, file));
}
for (const file of nested) {
  test(`test/vm/${file}`, async (t) => {
    if (isLate()) return t.skip(`${latestBegin} minutes are over: ${join("test/vm", file)} was not run`);
    if (await passes(file)) return;
    assert.ok(!isLate(), `failed, and ${latestBegin} minutes are over`);
    assert.ok(await passes(file), "failed in two machines, one after the other");
  });
}

function isLate(): boolean {
  return performance.now() > latestBegin * 60_000;
}

/** In a process of its own, while this one lets go of its last machine; what it printed is the reporter's. */
async function passes(file: string): Promise<boolean> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const argv = ["--test-reporter=spec", join(directory, file)];
  const begun = performance.now();
  const child = spawn(process.execPath, argv, { env, stdio: ["ignore", "pipe", "inherit"], timeout: longest * 60_000 });
  child.stdout.pipe(process.stdout, { end: false });
  const [status, signal] = await once(child, "close");
  process.stdout.write(`\n${file} ended with ${status ?? signal} after ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
  return status === 0;
}
