import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import { createFakeEngine } from "../lib/fake-engine.ts";
import { testEngine } from "./engine-suite.ts";

const engines = loadEngines(createHost());
for (const engine of [...engines, createFakeEngine()]) testEngine(engine);

test("every folder of src/stage1 with an engine is in its list", () => {
  const folder = join(import.meta.dirname, "../../src/stage1");
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("/engine.ts"));
  // "kvm:qemu" is kvm with a choice.
  const names = new Set(engines.map((engine) => engine.name.replace(/:.*/, "")));
  assert.deepEqual(found.map((path) => path.split("/")[0]).toSorted(), [...names].toSorted());
});
