import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { prepareBox } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import { compileStatic } from "../lib/pod-host.ts";
import { bootVm } from "../lib/vm.ts";
import { checkEngines } from "./engines/check.ts";

const probe = readFileSync(join(import.meta.dirname, "engines/probe.c"), "utf8");

forOneSuite((suite) => {
  test("one declaration under nspawn, kvm and fly: what an app sees differs where rkt.pod(5) says so, and nowhere else", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm, { files: { "bin/probe": await compileStatic(probe) } });
    await checkEngines(t, vm);
  });
});
