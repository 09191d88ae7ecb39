/**
 * Tests in virtual machines in one process, one after the other. The runner takes files in the order of their names, and this is the last
 * one: a machine is emulated, wants all of the processor, and runs alone.
 */
import { globSync } from "node:fs";
import { join } from "node:path";

const directory = join(import.meta.dirname, "vm");
/** What takes long, for an hour has an end. */
const byThemselves = ["kvm-failures.test.ts", "kvm-stage1.test.ts"];

for (const file of globSync("*.test.ts", { cwd: directory }).toSorted()) {
  if (!byThemselves.includes(file)) await import(join(directory, file));
}
