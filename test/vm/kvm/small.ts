import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { linesOf, property } from "../../lib/box.ts";
import type { TestMachine } from "../../lib/machine.ts";
import { uuidOf } from "../../lib/pod-host.ts";
import { waitFor } from "../../lib/wait-for.ts";
import { startMachine, vmPod } from "./pods.ts";

/** The least memory that a pod starts in: what its app may have is all that its machine has besides its kernel and systemd. */
export async function checkSmall(t: TestContext, vm: TestMachine): Promise<void> {
  await t.test("a pod of a small app runs in a machine of 96 MB", async () => {
    await vm.write("/etc/rkt/pods.d/small.pod", vmPod("head -n 3 /proc/meminfo; exec sleep 1000", "Memory=16M\n"));
    await vm.sh("rkt pod apply small");
    await startMachine(vm, "small");
    assert.match(await property(vm, "small", "ExecStart"), / (-m 96M|--mem 96) /);
    const uuid = await uuidOf(vm, "small");
    const total = async (): Promise<string | undefined> => /^MemTotal: +(\d+) kB$/m.exec((await linesOf(vm, uuid, "main")).join("\n"))?.[1];
    const found = await waitFor(total, { what: "the app's lines", timeout: 120_000, interval: 500 });
    assert.ok(Number(found) < 96 * 1024, found);
    t.diagnostic((await linesOf(vm, uuid, "main")).join(", ").replace(/ +/g, " "));
    await vm.sh("systemctl stop rkt-pod@small");
  });
}
