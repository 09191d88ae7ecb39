import { test } from "node:test";
import { prepareBox } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import { bootVm } from "../lib/vm.ts";
import { checkRun } from "./kvm/run.ts";
import { checkVolumes } from "./kvm/volumes.ts";

forOneSuite((suite) => {
  test("volumes, runs and sizes of pods in virtual machines", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm);
    await checkVolumes(t, vm);
    await checkRun(t, vm);
  });
});
