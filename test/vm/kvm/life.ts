import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { linesOf, property, statusOf } from "../../lib/box.ts";
import type { TestMachine } from "../../lib/machine.ts";
import { uuidOf } from "../../lib/pod-host.ts";
import type { HypervisorName } from "../../lib/vm/hypervisor.ts";
import { waitFor } from "../../lib/wait-for.ts";
import { ended, nothingLeft, startMachine, untilEnded, vmPod } from "./pods.ts";

const loops = "n=0; while [ $n -lt 6000 ]; do n=$((n+1)); sleep 0.1; done";
const pods: Readonly<Record<string, string>> = {
  long: vmPod(
    `echo boot $(cat /proc/sys/kernel/random/boot_id); trap "echo got term; exit 7" TERM; trap "echo again" USR1; ${loops}`,
    "ReloadSignal=SIGUSR1\n",
  ),
  badly: vmPod("exit 5").replace(
    "[Service]\n",
    `[Service]\nExecStartPre=/bin/sh -c 'echo pre $(id -u) >/srv/hooks'\nExecStopPost=/bin/sh -c 'echo $SERVICE_RESULT $EXIT_STATUS >>/srv/hooks'\n`,
  ),
  job: vmPod(`echo works; trap "echo stopped; exit 0" TERM; ${loops}`, "", "Net=none\nJob=yes\n"),
  killed: vmPod("kill -KILL $$"),
};

/** Starts, ends and deaths of pods in virtual machines, and what an administrator sees of them. */
export async function checkLife(t: TestContext, vm: TestMachine, hypervisor: HypervisorName): Promise<void> {
  for (const [name, text] of Object.entries(pods)) await vm.write(`/etc/rkt/pods.d/${name}.pod`, text);
  await vm.sh(`rkt pod apply ${Object.keys(pods).join(" ")}`);
  const uuid = await uuidOf(vm, "long");
  const machine = `rkt-${uuid}`;
  const start = (): Promise<void> => startMachine(vm, "long");

  await t.test("a start is over when the guest's apps run, and the machine is there", async () => {
    await start();
    assert.match(await vm.sh("machinectl list --no-legend"), new RegExp(`^${machine} +container rkt `, "m"));
    assert.match(await vm.sh("rkt list --no-legend"), /\trunning\t.*\tlong$/m);
    const status = await statusOf(vm, "long");
    assert.deepEqual([status.get("state"), status.get("exited")], ["running", "false"]);
    // Nothing of ours beside the hypervisor.
    const group =
      await vm.sh(`for process in $(cat $(systemctl show -P ControlGroup rkt-pod@long | sed s,^,/sys/fs/cgroup,)/cgroup.procs); do
      ! readlink /proc/$process/exe >/dev/null || cat /proc/$process/comm; done`);
    assert.equal(group, hypervisor === "qemu" ? "qemu-system-x86\n" : "lkvm\n");
    const said = await vm.sh("journalctl --quiet --output=cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID rkt-pod@long)");
    assert.doesNotMatch(said, /fail/i);
  });

  await t.test("its journal is read as that of any machine: -M, -M -b and -M -f", async () => {
    const read = (options: string): Promise<string> => vm.sh(`journalctl --quiet --no-pager --output=cat -M ${machine} ${options}`);
    const [, id = ""] = await waitFor(async () => /^boot (\S+)$/m.exec(await read("-t main")) ?? undefined, { what: "the app's line" });
    assert.match(await read("-b -t main"), new RegExp(`^boot ${id}$`, "m"));
    assert.match(
      await vm.sh(`timeout 3 journalctl --quiet --output=cat -M ${machine} -f -n 50 -t main || :`),
      new RegExp(`^boot ${id}$`, "m"),
    );
    assert.match(await vm.sh(`journalctl --quiet --output=cat -m -t main`), new RegExp(`^boot ${id}$`, "m"));
    assert.match(await vm.sh("rkt logs long"), new RegExp(`boot ${id}`));
  });

  await t.test("a reload reaches its app as the signal that it asks for", async () => {
    await vm.sh("systemctl reload rkt-pod@long");
    await waitFor(async () => ((await linesOf(vm, uuid, "main")).includes("again") ? true : undefined), { what: "the signal" });
  });

  await t.test("the hypervisor is shut in: no capability, no file of the host or of another pod", async () => {
    const score = /exposure level .*: (\d\.\d)/.exec(await vm.sh("systemd-analyze security --no-pager rkt-pod@long"))?.[1];
    assert.ok(Number(score) <= 0.4, `systemd-analyze security says ${score}`);
    const process = (await property(vm, "long", "MainPID")).trim();
    const state = await vm.sh(`cat /proc/${process}/status`);
    assert.match(state, /^CapEff:\s+0+$/m);
    assert.match(state, /^NoNewPrivs:\s+1$/m);
    assert.match(state, /^Seccomp:\s+2$/m);
    const inside = (path: string): Promise<string> =>
      vm.sh(`cd /proc/${process}/root && find .${path} -xdev -mindepth 1 -maxdepth 1 | sort`);
    assert.equal(await inside("/etc"), "");
    assert.equal(await inside("/home"), "");
    assert.equal(await inside("/var/lib/rkt/pods/named"), `./var/lib/rkt/pods/named/${uuid}\n`);
    assert.equal((await vm.sh(`ls /proc/${process}/root/var/lib/rkt/vm | wc -l`)).trim(), "3");
    assert.equal(await vm.sh(`stat -c "%U %G %a" /run/rkt/guests/${uuid}`), "root rkt-vm 710\n");
    // Else a line of its console could be an emergency, which all terminals show as it is.
    assert.equal(await property(vm, "long", "SyslogLevelPrefix"), "no");
    const devices = await vm.sh(`cd /proc/${process}/root/dev && for name in *; do [ ! -c $name ] || echo $name; done`);
    assert.equal(
      devices,
      ["full", "kvm", "null", "ptmx", "random", "tty", "urandom", "vhost-vsock", "zero"].map((name) => `${name}\n`).join(""),
    );
  });

  await t.test("rkt enter is in the app: streams apart, exit status, a terminal of the caller's size", async () => {
    const plain = await vm.run(["rkt", "enter", "long", "/bin/sh", "-c", "cat; echo error >&2; exit 7"], { input: "typed\n" });
    assert.deepEqual([plain.status, plain.stdout, plain.stderr], [7, "typed\n", "error\n"]);
    const missing = await vm.run(["rkt", "enter", "long", "/bin/nothing"]);
    assert.notEqual(missing.status, 0);
    assert.match(missing.stderr, /nothing/);
    const cid = (await vm.sh("ls /run/rkt/cids")).trim();
    const command = ["rkt_enter-main-1.service", "main.service", "0", "0", "", "/", "/bin", "--", "/bin/sh", "-c", "exit 4"];
    const withBootId = async (id: string): Promise<number | null> =>
      (await vm.run(["/usr/lib/rkt/guest", "enter", cid, "long", id, ...command])).status;
    assert.equal(await withBootId("00000000-0000-4000-8000-000000000000"), 254, "who does not know the boot id is let in");
    assert.equal(await withBootId((await vm.read(`/run/rkt/guests/${uuid}/boot_id`)).trim()), 4);
    const terminal = await vm.sh(
      `script -qec 'stty rows 33 cols 101; rkt enter long /bin/sh -c "stty size; exit 3"; echo "status $?"' /dev/null </dev/null`,
    );
    assert.match(terminal, /33 101\r?\n/);
    assert.match(terminal, /status 3/);
  });

  await t.test("a restart is a stop and a start: another machine, and its words reach it", async () => {
    const boot = async (): Promise<string> => (await vm.read(`/run/rkt/guests/${uuid}/boot_id`)).trim();
    const before = await boot();
    await vm.sh("systemctl restart rkt-pod@long");
    assert.notEqual(await boot(), before);
    assert.match(await vm.sh("machinectl list --no-legend"), new RegExp(`^${machine} +container rkt `, "m"));
  });

  await t.test("a stop is one of the apps, whose status is the unit's; the last lines are there", async () => {
    await vm.sh("systemctl stop rkt-pod@long");
    await ended(vm, "long", { result: "exit-code", status: "7", app: "7" });
    assert.equal((await linesOf(vm, uuid, "main")).at(-1), "got term");
    await nothingLeft(vm);
  });

  for (const verb of ["poweroff", "terminate"]) {
    await t.test(`machinectl ${verb} is a clean end`, async () => {
      await vm.sh("systemctl reset-failed rkt-pod@long");
      await start();
      // The units are read again, as after each apply.
      await vm.sh(`systemctl daemon-reload; machinectl ${verb} ${machine}`);
      await untilEnded(vm, "long");
      await ended(vm, "long", { result: "exit-code", status: "7", app: "7" });
      await nothingLeft(vm);
    });
  }

  await t.test("SIGKILL of the hypervisor takes the machine along, and its journal is whole", async () => {
    await start();
    await vm.sh(
      `systemctl kill --kill-who=main --signal=KILL rkt-pod@long || {
        systemctl show -p Result,ExecMainCode,ExecMainStatus,ExecStopPost rkt-pod@long; rkt status long
        journalctl --no-pager -n 60 -u rkt-pod@long -u "rkt-machine-*"; exit 1; }`,
    );
    await untilEnded(vm, "long");
    assert.equal(await property(vm, "long", "Result"), "signal");
    await nothingLeft(vm);
    await vm.sh(`journalctl --verify -D /var/log/journal/${uuid.replaceAll("-", "")}`);
  });

  await t.test("a job that is stopped ends in order", async () => {
    const job = await uuidOf(vm, "job");
    await vm.sh("systemctl start --no-block rkt-pod@job");
    const works = async (): Promise<true | undefined> => ((await linesOf(vm, job, "main")).includes("works") ? true : undefined);
    await waitFor(works, { what: "the job", timeout: 120_000, interval: 500 });
    await vm.sh("systemctl stop rkt-pod@job");
    assert.equal((await linesOf(vm, job, "main")).at(-1), "stopped");
    await ended(vm, "job", { result: "success", status: "0/0", app: "0" });
    assert.equal(await property(vm, "job", "ActiveState"), "inactive");
    await nothingLeft(vm);
  });

  await t.test("how an app ends is how the unit ends", async () => {
    const failed = async (name: string): Promise<void> => {
      await vm.run(["systemctl", "start", `rkt-pod@${name}`]);
      await untilEnded(vm, name);
    };
    await failed("badly");
    await ended(vm, "badly", { result: "exit-code", status: "5", app: "5" });
    assert.equal(await vm.read("/srv/hooks"), "pre 0\nexit-code 5\n", "the user's commands are the host's, and know how the pod ended");
    await failed("killed");
    await ended(vm, "killed", { result: "signal", status: "9/KILL", app: "137" });
    const exported = await vm.run(["rkt", "export", "job", "/root/job.aci"]);
    assert.match(exported.stderr, /^export: Cannot export pod "job": what it wrote was in its virtual machine's memory$/m);
    await nothingLeft(vm);
  });
}
