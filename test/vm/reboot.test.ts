import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, linesOf, prepareBox } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import type { TestMachine } from "../lib/machine.ts";
import { compileStatic, makeImage, uuidOf } from "../lib/pod-host.ts";
import { connect, SOCKET_APP } from "../lib/socket-app.ts";
import { bootVm } from "../lib/vm.ts";

const enabled =
  "[Pod]\nVolume=out,kind=state\n" +
  `[App main]\n${BOX_APP}Exec=/bin/sh -c 'echo run >>/out/runs; sync; echo "started again"; exec sleep 1000'\n` +
  "[Install]\nWantedBy=multi-user.target\n";
const activated = "[Pod]\nNet=none\n[App echo]\nImage=/root/images/echo.aci\n[Socket echo]\nListenStream=10809\n";
const manual = `[Pod]\nVolume=out,kind=state\nNet=none\n[App main]\n${BOX_APP}Exec=/bin/sleep 1000\n`;

/** What must hold whenever the machine has booted for the nth time. */
async function check(vm: TestMachine, boots: number): Promise<void> {
  const active = await vm.run([
    "systemctl",
    "is-active",
    "rkt-pod@enabled",
    "rkt-pod@activated.socket",
    "rkt-pod@activated",
    "rkt-pod@manual",
  ]);
  assert.deepEqual(active.stdout.split("\n").slice(0, 4), ["active", "active", "inactive", "inactive"]);
  assert.deepEqual(await connect(vm, 10809), ["fds=1 own=yes names=echo"]);
  assert.equal((await vm.sh("systemctl is-active rkt-pod@activated")).trim(), "active");
  const uuid = await uuidOf(vm, "enabled");
  assert.match(await vm.sh("machinectl list --no-legend"), new RegExp(uuid));
  assert.match(await vm.sh("rkt list --no-legend"), /\trunning\t.*\tenabled$/m);
  assert.equal((await linesOf(vm, uuid, "main")).filter((line) => line === "started again").length, boots);
  assert.equal((await vm.run(["systemctl", "is-system-running", "--wait"])).stdout, "running\n");
}

forOneSuite((suite) => {
  test("enabled pods and sockets come back after a reboot and after a power cut", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm);
    const ports = [{ name: "web", protocol: "tcp", port: 80, socketActivated: true }];
    await makeImage(vm, {
      name: "echo",
      files: { "bin/echod": await compileStatic(SOCKET_APP) },
      app: { exec: ["/bin/echod", "-1"], ports },
    });
    for (const [name, text] of Object.entries({ enabled, activated, manual })) await vm.write(`/etc/rkt/pods.d/${name}.pod`, text);
    await vm.sh("rkt pod apply enabled activated manual; systemctl enable rkt-pod@enabled rkt-pod@activated.socket");

    await t.test("a reboot", async () => {
      await vm.reboot();
      await check(vm, 1);
    });

    await t.test("a power cut while pods run; what was synced is there", async () => {
      await vm.sh("systemctl start rkt-pod@manual; sync");
      await vm.crash();
      await check(vm, 2);
      assert.equal((await vm.sh("find /var/lib/rkt -name runs -exec cat {} +")).trim(), "run\nrun");
      assert.match(await vm.sh("rkt list --no-legend"), /\texited\t.*\tmanual$/m);
    });
  });
});
