import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { TestMachine } from "../../lib/machine.ts";
import { openTerminal } from "../../lib/terminal.ts";
import { waitFor } from "../../lib/wait-for.ts";

const stage1 = "--stage1-name=coreos.com/rkt/stage1-kvm";

/** Pods of the command line in virtual machines, run by somebody who waits for them. */
export async function checkRun(t: TestContext, vm: TestMachine): Promise<void> {
  await t.test("rkt run: both outputs whole and apart, the app's status, nothing left", async () => {
    const script = "n=0; while [ $n -lt 2000 ]; do n=$((n + 1)); echo line $n; done; echo error >&2; exit 7";
    const { status, stdout, stderr } = await vm.run(
      ["rkt", "run", stage1, "--net=none", "/root/images/box.aci", "--exec=/bin/sh", "--", "-c", script],
      { timeout: 240_000 },
    );
    assert.deepEqual([status, stderr], [7, "error\n"]);
    assert.equal(stdout, Array.from({ length: 2000 }, (_, index) => `line ${index + 1}\n`).join(""));
    assert.equal(await vm.sh("ls /run/rkt/vm /run/rkt/cids /run/rkt/guests"), "/run/rkt/cids:\n\n/run/rkt/guests:\n\n/run/rkt/vm:\n");
  });

  await t.test("rkt prepare and run-prepared, stopped by a signal: it is a machine with a network of its own", async () => {
    const script = 'trap "echo got term; exit 9" TERM; echo up; n=0; while [ $n -lt 6000 ]; do n=$((n+1)); sleep 0.1; done';
    const uuid = (
      await vm.sh(`rkt prepare --quiet ${stage1} /root/images/box.aci --exec=/bin/sh -- -c '${script}' 2>/root/prepare.err`)
    ).trim();
    await vm.sh(
      `systemd-run --quiet --unit=waiter -p RemainAfterExit=yes -p StandardOutput=file:/root/run.out /bin/sh -c 'rkt run-prepared ${uuid}; echo status $?'`,
    );
    await waitFor(async () => ((await vm.sh("cat /root/run.out")).startsWith("up\n") ? true : undefined), {
      what: "the app's first line",
      timeout: 240_000,
      interval: 500,
    });
    assert.match(await vm.sh("machinectl list --no-legend"), new RegExp(`^rkt-${uuid} +container rkt `, "m"));
    assert.match(await vm.sh("rkt list --full --no-legend"), new RegExp(`^${uuid}\t.*\trunning\t.*default:ip4=172\\.16\\.28\\.`, "m"));
    const group =
      await vm.sh(`for process in $(cat $(systemctl show -P ControlGroup rkt-run-${uuid} | sed s,^,/sys/fs/cgroup,)/cgroup.procs); do
      ! readlink /proc/$process/exe >/dev/null || cat /proc/$process/comm; done`);
    assert.equal(group, "qemu-system-x86\n");
    // Shut in by the unit's lines, which are still known when systemd has read its units again.
    assert.match(await vm.sh(`cat /proc/$(systemctl show -P MainPID rkt-run-${uuid})/status`), /^Seccomp:\s+2$/m);
    await vm.sh("systemctl daemon-reload");
    assert.match(await vm.sh(`rkt enter ${uuid} /bin/sh -c 'ip -4 addr show eth0'`), /inet 172\.16\.28\./);
    await vm.sh(`kill -TERM $(pgrep -f '[/]run/${uuid}/gen/.*/wait')`);
    await waitFor(async () => ((await vm.sh("cat /root/run.out")).endsWith("status 9\n") ? true : undefined), {
      what: "rkt to end",
      timeout: 240_000,
      interval: 500,
    });
    assert.equal(await vm.sh("cat /root/run.out"), "up\ngot term\nstatus 9\n");
    assert.match(await vm.sh(`rkt logs ${uuid}`), /got term/);
    await vm.sh(`systemctl stop waiter; rkt rm ${uuid}`);
  });

  await t.test("--interactive: the app has the caller's terminal, in its size", async () => {
    await vm.write(
      "/root/interactive",
      `stty rows 31 cols 97\nexec rkt run ${stage1} --net=none --interactive /root/images/box.aci --exec=/bin/sh -- -c 'stty size; read -r line; echo "got $line"; exit 4'\n`,
    );
    const terminal = openTerminal(vm, "sh /root/interactive", 240_000);
    await terminal.expect(/31 97\s/);
    terminal.type("typed\n");
    await terminal.expect(/got typed/);
    assert.equal((await terminal.ended()).status, 4);
  });

  await t.test(
    "in a unit of another's the hypervisor is the main process, shut in as well, and the unit's result is the apps'",
    async () => {
      const script =
        'trap "echo got term; exit 9" TERM; cat $CREDENTIALS_DIRECTORY/word; n=0; while [ $n -lt 6000 ]; do n=$((n+1)); sleep 0.1; done';
      await vm.sh(
        `systemd-run --quiet --unit=guest --service-type=notify --property=TimeoutStartSec=240 --property=TimeoutStopSec=240 --property=SetCredential=word:hush rkt run ${stage1} /root/images/box.aci --exec=/bin/sh -- -c '${script}'`,
      );
      const uuid = (await vm.sh("rkt list --full --no-legend | sed -n 's/\t.*running.*//p'")).trim();
      const main = (await vm.sh("systemctl show -P MainPID guest")).trim();
      assert.equal((await vm.sh(`cat /proc/${main}/comm`)).trim(), "qemu-system-x86");
      const state = await vm.sh(`cat /proc/${main}/status`);
      assert.match(state, /^CapEff:\s+0+$/m);
      assert.match(state, /^CapBnd:\s+0+$/m);
      assert.match(state, /^NoNewPrivs:\s+1$/m);
      assert.equal(
        await vm.sh(`cd /proc/${main}/root && { ls etc home var/lib/rkt/pods 2>/dev/null || :; } && ls dev`),
        "etc:\n\nvar/lib/rkt/pods:\nrun\nfull\nkvm\nnet\nnull\nrandom\nurandom\nvhost-vsock\nzero\n",
      );
      assert.match(await vm.sh("machinectl list --no-legend"), new RegExp(`^rkt-${uuid} +container rkt `, "m"));
      await vm.sh("systemctl stop guest");
      assert.match(await vm.sh(`rkt status ${uuid}`), /^app-box=9$/m);
      assert.equal(await vm.sh("systemctl show -P Result guest"), "exit-code\n");
      assert.match(
        await vm.sh(`journalctl --quiet --output=cat -D /var/log/journal/${uuid.replaceAll("-", "")} -t box`),
        /^hush[^]*got term/,
      );
      assert.equal(
        await vm.sh("ls /run/rkt/vm /run/rkt/cids /run/rkt/guests; ls -d /run/systemd/system/guest.service.d 2>/dev/null || :"),
        "/run/rkt/cids:\n\n/run/rkt/guests:\n\n/run/rkt/vm:\n",
      );
      await vm.sh(`systemctl reset-failed guest; rkt rm ${uuid}`);
    },
  );
}
