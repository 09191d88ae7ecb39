import { test } from "node:test";
import { prepareBox } from "../lib/box.ts";
import { forEachSuite, forOneSuite } from "../lib/each-suite.ts";
import { bootVm } from "../lib/vm.ts";
import { needs, useHypervisor } from "../lib/vm/hypervisor.ts";
import { checkLife } from "./kvm/life.ts";
import { checkNineVolumes } from "./kvm/nine-volumes.ts";
import { checkSmall } from "./kvm/small.ts";

forOneSuite((suite) => {
  test("pods in virtual machines", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm);
    await checkLife(t, vm, "qemu");
  });
});

forEachSuite((suite) => {
  test("pods in virtual machines under lkvm", needs("lkvm"), async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm);
    await useHypervisor(vm, "lkvm");
    await checkLife(t, vm, "lkvm");
    await checkSmall(t, vm);
    await checkNineVolumes(t, vm);
  });
});
