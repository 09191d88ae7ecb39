/**
 * Tests in virtual machines in one process, one after the other: so one process waits for machines while another one runs what needs none.
 * The runner takes files in the order of their names, and this is the longest one.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const directory = join(import.meta.dirname, "vm");
/** What takes long, for an hour has an end. */
const byThemselves = ["kvm-failures.test.ts", "kvm-stage1.test.ts"];
/** Machines in an emulated machine, whose state emulators lose now and then (test/README.md): what failed is run once more, in another one. */
const nested = ["engines.test.ts", "kvm-network.test.ts", "kvm-run.test.ts", "kvm.test.ts"];

for (const file of globSync("*.test.ts", { cwd: directory }).toSorted()) {
  if (byThemselves.includes(file)) continue;
  if (!nested.includes(file)) await import(join(directory, file));
  else test(`test/vm/${file}`, () => assert.ok(passes(file) || passes(file), "failed in two machines, one after the other"));
}

/** In a process of its own; what it printed is the reporter's. */
function passes(file: string): boolean {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const argv = ["--test-reporter=spec", join(directory, file)];
  const { status, stdout } = spawnSync(process.execPath, argv, { env, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });
  process.stdout.write(`${stdout.toString()}\n${file} ended with ${status}\n`);
  return status === 0;
}
