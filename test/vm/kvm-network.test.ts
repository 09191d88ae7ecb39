import { test } from "node:test";
import { prepareBox } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import { bootVm } from "../lib/vm.ts";
import { HYPERVISORS, needs, useHypervisor } from "../lib/vm/hypervisor.ts";
import { checkNetwork, networkImage } from "./kvm/network.ts";

forOneSuite((suite) => {
  for (const hypervisor of HYPERVISORS) {
    test(`networks and sockets of pods in virtual machines under ${hypervisor}`, needs(hypervisor), async (t) => {
      await using vm = await bootVm({ suite });
      await prepareBox(vm, await networkImage());
      await useHypervisor(vm, hypervisor);
      await checkNetwork(t, vm);
    });
  }
});
