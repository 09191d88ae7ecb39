import { test } from "node:test";
import { prepareBox } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import { bootVm } from "../lib/vm.ts";
import { checkFailures } from "./kvm/failures.ts";

forOneSuite((suite) => {
  test("failures of pods in virtual machines", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm);
    await checkFailures(t, vm);
  });
});
