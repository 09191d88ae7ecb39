import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, prepareBox, shellApp, statusOf } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import type { TestMachine } from "../lib/machine.ts";
import { compileStatic } from "../lib/pod-host.ts";
import { bootVm } from "../lib/vm.ts";
import { waitFor } from "../lib/wait-for.ts";

const MANY = "for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5; do sleep 5 & done; done";
/** Once it may, tries to make fifty processes. */
const forks = (file: string): string =>
  `until [ -e /out/go ]; do sleep 1; done; (${MANY}) 2>/out/${file}; echo end >>/out/${file}; exec sleep 1000`;
/** 4 MiB to the disk, and the seconds of uptime before and after. */
const writes = `read a rest </proc/uptime; dd if=/dev/zero of=/out/bytes bs=64k count=64 conv=fsync 2>/dev/null; read b rest </proc/uptime; echo $a $b end >/out/written; exec sleep 1000`;
const device =
  "dd if=/dev/vda of=/dev/null bs=4k count=1 2>/dev/null && echo readable >/out/device; (true >>/dev/vda) 2>>/out/device; " +
  "mknod /tmp/loop b 7 0 2>>/out/device; echo end >>/out/device; exec sleep 1000";
const hog = "exec dd if=/dev/zero of=/dev/null bs=200M count=1";

const pods: Readonly<Record<string, string>> = {
  apps:
    `${BOX_POD}Net=none\nDevice=/dev/vda:r\n${shellApp("spin", "while :; do :; done", "CPUQuota=20%")}` +
    `${shellApp("forks", forks("forks"), "TasksMax=5")}${shellApp("device", device, "IOReadBandwidthMax=/dev/vda 2M")}`,
  whole:
    `${BOX_POD}Net=none\n${shellApp("spin", "while :; do :; done")}${shellApp("forks", forks("all-forks"))}${shellApp("writer", writes)}` +
    `[Service]\nCPUQuota=80%\nTasksMax=40\nIOWriteBandwidthMax=/dev/vda 1M\n`,
  "oom-app": `${BOX_POD}Net=none\n${shellApp("hog", hog, "MemoryMax=32M")}${shellApp("calm", "exec sleep 1000")}`,
  "oom-pod": `${BOX_POD}Net=none\n${shellApp("hog", hog)}${shellApp("calm", "exec sleep 1000")}[Service]\nMemoryMax=64M\n`,
  "oom-start": `${BOX_POD}Net=none\n${shellApp("main", "exec sleep 1000")}[Service]\nMemoryMax=3M\n`,
  foreign: `${BOX_POD}Net=none\n[App main]\n${BOX_APP}Exec=/bin/foreign\n`,
  forbidden: `${BOX_POD}Net=none\n[App main]\n${BOX_APP}Exec=/bin/chroot / /bin/true\nSeccomp=mode=remove,chroot\n`,
};

/** Asks for its process id by the numbers of 32-bit programs (20 is getpid). */
const FOREIGN = `int main(void) { int id; __asm__ volatile("int $0x80" : "=a"(id) : "a"(20)); return id == 0; }`;

const groupOf = (pod: string, app = ""): string =>
  `/sys/fs/cgroup/machine.slice/rkt-pod@${pod}.service${app === "" ? "" : `/payload/system.slice/${app}.service`}`;

/** What an app wrote into a file of /out, once it has written "end". */
function outputOf(vm: TestMachine, file: string): Promise<string> {
  const read = async (): Promise<string | undefined> => {
    const text = (await vm.run(["cat", `/srv/out/${file}`])).stdout;
    return text.endsWith("end\n") ? text : undefined;
  };
  return waitFor(read, { what: `the end of ${file}`, timeout: 240_000, interval: 500 });
}

async function throttled(vm: TestMachine, group: string): Promise<void> {
  const count = async (): Promise<true | undefined> =>
    Number(/^nr_throttled (\d+)$/m.exec(await vm.sh(`cat ${group}/cpu.stat`))?.[1]) > 2 ? true : undefined;
  await waitFor(count, { what: `${group} to be throttled`, timeout: 240_000, interval: 500 });
}

/** Starts a pod that ends by itself; what its unit's journal says. */
async function runToEnd(vm: TestMachine, pod: string): Promise<{ status: ReadonlyMap<string, string>; journal: string }> {
  await vm.run(["systemctl", "start", `rkt-pod@${pod}`]);
  const status = await statusOf(vm, pod, true);
  return { status, journal: await vm.sh(`journalctl --quiet --output=cat -u rkt-pod@${pod}`) };
}

forOneSuite((suite) => {
  test("limits of pods and apps act, and who met one deadly is told so", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm, { files: { "bin/foreign": await compileStatic(FOREIGN) } });
    for (const [name, text] of Object.entries(pods)) await vm.write(`/etc/rkt/pods.d/${name}.pod`, text);
    await vm.sh(`rkt pod apply ${Object.keys(pods).join(" ")}`);

    await t.test("[App]: processor, tasks, and devices beyond those of Device=", async () => {
      await vm.sh("systemctl start rkt-pod@apps; touch /srv/out/go");
      await throttled(vm, groupOf("apps", "spin"));
      assert.equal(await vm.sh(`cat ${groupOf("apps", "spin")}/cpu.max`), "20000 100000\n");
      assert.match(await outputOf(vm, "forks"), /can't fork: Resource temporarily unavailable/);
      const [readable, write, make] = (await outputOf(vm, "device")).split("\n");
      assert.deepEqual(
        [readable, /Operation not permitted/.test(write ?? ""), /Operation not permitted/.test(make ?? "")],
        ["readable", true, true],
      );
      assert.equal(await vm.sh(`cat ${groupOf("apps", "device")}/io.max`), "254:0 rbps=2000000 wbps=max riops=max wiops=max\n");
      await vm.sh("systemctl stop rkt-pod@apps; rm /srv/out/go");
    });

    await t.test("[Service]: processor, tasks and bytes written, of all apps together", async () => {
      await vm.sh("systemctl start rkt-pod@whole");
      await throttled(vm, groupOf("whole"));
      const [before = 0, after = 0] = (await outputOf(vm, "written")).split(" ").map(Number);
      assert.ok(after - before > 3, `4 MiB took ${after - before} s`);
      await vm.sh("touch /srv/out/go");
      assert.match(await outputOf(vm, "all-forks"), /can't fork: Resource temporarily unavailable/);
      await vm.sh("systemctl stop rkt-pod@whole");
    });

    await t.test("memory of one app, at its own limit", async () => {
      const { status, journal } = await runToEnd(vm, "oom-app");
      assert.deepEqual([status.get("state"), status.get("app-hog"), status.get("reason")], ["exited", "137", undefined]);
      assert.equal(
        status.get("app-hog-reason"),
        'out of memory: it reached its own limit (Memory=, MemoryMax=), and the kernel killed its process "dd"',
      );
      assert.match(journal, /^App "hog" ran out of memory \(killed KILL oom-kill\): "rkt status oom-app" says why$/m);
    });

    await t.test("memory of the whole pod, which an app used up, or which its start needs", async () => {
      const { status, journal } = await runToEnd(vm, "oom-pod");
      const limit = "out of memory: the pod reached its limit ([Service] MemoryMax=), and the kernel killed";
      assert.deepEqual(
        [status.get("state"), status.get("reason"), status.get("app-hog-reason"), status.get("app-calm-reason")],
        ["exited", `${limit} app "hog", its process "dd"`, `${limit} its process "dd"`, undefined],
      );
      const json = JSON.parse(await vm.sh("rkt status --format=json oom-pod")) as { last_run: { reason: string } };
      assert.equal(json.last_run.reason, `${limit} app "hog", its process "dd"`);
      assert.match(journal, /^App "hog" ran out of memory /m);
      assert.match(journal, /A process of this unit has been killed by the OOM killer/);
      const small = await runToEnd(vm, "oom-start");
      assert.match(
        small.status.get("reason") ?? "",
        /^out of memory: the pod reached its limit \(\[Service\] MemoryMax=\), and the kernel killed /,
      );
      assert.match(small.journal, /A process of this unit has been killed by the OOM killer/);
    });

    await t.test("rkt run says on the terminal that memory ran out", async () => {
      const argv = ["rkt", "run", "--net=none", "/root/images/box.aci", "--memory=32M", "--exec=/bin/dd", "--"];
      const ended = await vm.run([...argv, "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"]);
      assert.notEqual(ended.status, 0);
      const [, uuid = ""] = /^run: App "box" ran out of memory \(.*\): "rkt status (.*)" says why$/m.exec(ended.stderr) ?? [];
      assert.match((await statusOf(vm, uuid)).get("app-box-reason") ?? "", /^out of memory: it reached its own limit/);
    });

    await t.test("a call that a filter forbids is named, also one by the numbers of another architecture", async () => {
      const { status, journal } = await runToEnd(vm, "forbidden");
      assert.deepEqual(
        [status.get("app-main"), status.get("app-main-reason")],
        ["159", 'killed by SIGSYS: its filter forbids the call "chroot" (Seccomp=)'],
      );
      assert.match(journal, /^App "main" failed \((killed|dumped) SYS .*\): "rkt status forbidden" says why$/m);
      assert.equal(
        (await runToEnd(vm, "foreign")).status.get("app-main-reason"),
        'killed by SIGSYS: its filter forbids calls of other architectures, as it made call "getpid"',
      );
    });
  });
});
