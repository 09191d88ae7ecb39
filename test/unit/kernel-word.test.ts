import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAcName } from "../../src/base/id.ts";
import { explainByKernel } from "../../src/cli/kernel-word.ts";
import type { PodView } from "../../src/cli/pod-view.ts";
import { parseKernelRecord } from "../../src/journal/kernel-records.ts";

const AT = 1_795_706_161_588_629;

const entry = (MESSAGE: string): string => JSON.stringify({ __REALTIME_TIMESTAMP: String(AT), MESSAGE });
const seccomp = (fields: string): string =>
  `SECCOMP auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined pid=806 ${fields} compat=0 ip=0x47e027 code=0x80000000`;
const oom = (limit: string, group: string, task = "dd"): string =>
  `oom-kill:constraint=${limit === "" ? "CONSTRAINT_NONE" : "CONSTRAINT_MEMCG"},nodemask=(null),cpuset=payload,mems_allowed=0,` +
  `${limit === "" ? "global_oom" : `oom_memcg=${limit}`},task_memcg=${group},task=${task},pid=744,uid=0`;

describe("what the kernel says of a process that it killed", () => {
  test("a forbidden call, from the audit socket and from the kernel's log", () => {
    const fields = 'comm="chroot" exe="/bin/busybox" sig=31 arch=c000003e syscall=161';
    const expected = { kind: "seccomp", at: AT / 1000, program: "/bin/busybox", process: "chroot", architecture: 0xc000003e, call: 161 };
    assert.deepEqual(parseKernelRecord(entry(seccomp(fields))), expected);
    const logged = seccomp(fields).replace("SECCOMP", "audit: type=1326 audit(1795706161.581:8):");
    assert.deepEqual(parseKernelRecord(entry(logged)), expected);
  });

  test("a process may call itself what it likes", () => {
    const hex = Buffer.from('x" syscall=1 \u001b[2J').toString("hex").toUpperCase();
    const record = parseKernelRecord(entry(seccomp(`comm=${hex} exe=(null) sig=31 arch=c000003e syscall=161`)));
    assert.ok(record?.kind === "seccomp");
    assert.deepEqual([record.call, record.process], [161, 'x" syscall=1 \u001b[2J']);
  });

  test("out of memory: whose process, at whose limit", () => {
    const group = "/machine.slice/rkt-pod@x.service/payload/system.slice/hog.service";
    const read = (message: string): unknown => parseKernelRecord(entry(message));
    assert.deepEqual(read(oom("/machine.slice/rkt-pod@x.service", group, "a,b=c")), {
      kind: "oom",
      at: AT / 1000,
      group,
      limitGroup: "/machine.slice/rkt-pod@x.service",
      process: "a,b=c",
    });
    assert.deepEqual(read(oom("", group)), { kind: "oom", at: AT / 1000, group, process: "dd" });
  });

  test("what is forged, not killed by a filter, or none of it, is no record", () => {
    const forged = [
      oom("/a,task_memcg=/machine.slice/rkt-pod@x.service,task=b", "/c"),
      oom("/a", "/b", "x,task_memcg=/machine.slice/rkt-pod@x.service,task=y"),
      oom("/a", "/b,oom_memcg=/c"),
      seccomp('comm="x" exe="/x" sig=0 arch=c000003e syscall=161'),
      seccomp('comm="x" exe="/x" sig=31 arch=c000003e'),
      "eth0: link up",
    ];
    for (const message of forged) assert.equal(parseKernelRecord(entry(message)), undefined, message);
    for (const line of ["", "null", "[]", "{}", '{"MESSAGE":null}']) assert.equal(parseKernelRecord(line), undefined, line);
  });
});

const NAMES: Readonly<Record<number, string>> = { 161: "chroot", 101: "ptrace" };
const native = process.arch === "arm64" ? "c00000b7" : "c000003e";
const unit = "rkt-pod@x.service";
const podGroup = `/machine.slice/${unit}`;
const appGroup = `${podGroup}/payload/system.slice/main.service`;

/** A pod of one app that was killed. */
function view(status: string, result: string, exec = "/bin/chroot", isolators = [{ name: "os/linux/seccomp-remove-set" }]): PodView {
  const app = { app: { name: "main", app: { exec: [exec], isolators } }, state: "exited", reason: "as before" };
  const last = { result: "exit-code", code: "exited", status: "255", endedAt: AT / 1000 + 500 };
  return {
    isMachine: true,
    last,
    apps: [{ ...app, ended: { code: "killed", status, result, at: AT / 1000 + 100 } }],
  } as unknown as PodView;
}

function explain(pod: PodView, ...messages: string[]): (string | undefined)[] {
  const records = messages.flatMap((message) => parseKernelRecord(entry(message)) ?? []);
  const told = explainByKernel(pod, unit, { records, systemCallName: (_, number) => NAMES[number] });
  return [told.apps[0]?.reason, told.reason];
}

describe("the reason of an app's end, by the kernel's word", () => {
  const call = (number: number, words = 'comm="chroot" exe="/bin/busybox"', architecture = native): string =>
    seccomp(`${words} sig=31 arch=${architecture} syscall=${number}`);

  test("names the forbidden call", () => {
    const chroot = 'killed by SIGSYS: its filter forbids the call "chroot" (Seccomp=)';
    assert.deepEqual(explain(view("SYS", "signal"), call(161)), [chroot, undefined]);
    const numbered = "killed by SIGSYS: its filter forbids the call number 999 (Seccomp=)";
    assert.deepEqual(explain(view("SYS", "signal"), call(999)), [numbered, undefined]);
    const foreign = 'killed by SIGSYS: its filter forbids calls of other architectures, as it made call "chroot"';
    assert.deepEqual(explain(view("SYS", "signal"), call(161, undefined, "40000003")), [foreign, undefined]);
  });

  test("of several processes at that time that of the app's program counts; where none is, nothing is said unless all agree", () => {
    const other = 'comm="other" exe="/bin/other"';
    assert.match(explain(view("SYS", "signal"), call(101, other), call(161))[0] ?? "", /"chroot"/);
    assert.match(explain(view("SYS", "signal", "/bin/sh"), call(101, other), call(101, other))[0] ?? "", /"ptrace"/);
    assert.equal(explain(view("SYS", "signal", "/bin/sh"), call(101, other), call(161))[0], "as before");
  });

  test("an app without a filter of its own is killed for calls of other architectures only", () => {
    const plain = view("SYS", "signal", "/bin/chroot", []);
    assert.equal(explain(plain, call(161))[0], "as before");
    assert.match(explain(plain, call(161, undefined, "40000003"))[0] ?? "", /calls of other architectures/);
  });

  test("without a record all stays as it is", () => {
    assert.deepEqual(explain(view("SYS", "signal")), ["as before", undefined]);
    assert.deepEqual(explain(view("KILL", "oom-kill")), ["as before", undefined]);
    assert.deepEqual(explain(view("TERM", "signal"), call(161), oom(podGroup, appGroup)).slice(0, 1), ["as before"]);
  });

  test("says at whose limit memory ended, and of the pod where it was not the app's own", () => {
    const killed = view("KILL", "oom-kill");
    assert.deepEqual(explain(killed, oom(appGroup, `${appGroup}/sub`)), [
      'out of memory: it reached its own limit (Memory=, MemoryMax=), and the kernel killed its process "dd"',
      undefined,
    ]);
    assert.deepEqual(explain(killed, oom(podGroup, appGroup, "\u001b]0;x")), [
      'out of memory: the pod reached its limit ([Service] MemoryMax=), and the kernel killed its process "\\x1b]0;x"',
      'out of memory: the pod reached its limit ([Service] MemoryMax=), and the kernel killed app "main", its process "\\x1b]0;x"',
    ]);
    assert.match(explain(killed, oom("/machine.slice", appGroup))[0] ?? "", /^out of memory: the pod's slice reached its limit,/);
    assert.match(explain(killed, oom("", appGroup))[0] ?? "", /^out of memory: the host had none left,/);
    const own = explain(killed, oom(podGroup, `${podGroup}/payload/init.scope`, "systemd"));
    assert.equal(own[0], "as before");
    assert.match(own[1] ?? "", /the kernel killed the pod's own process "systemd"$/);
  });

  test("an app named as a controller, and the app of a pod without groups of its own, are found", () => {
    const named = view("KILL", "oom-kill");
    const memory = { ...named, apps: named.apps.map((app) => ({ ...app, app: { ...app.app, name: parseAcName("memory") } })) };
    const group = `${podGroup}/payload/system.slice/_memory.service`;
    assert.match(explain(memory, oom(group, group))[0] ?? "", /^out of memory: it reached its own limit/);
    const fly = { ...named, isMachine: false };
    assert.match(explain(fly, oom(podGroup, podGroup))[0] ?? "", /^out of memory: the pod reached its limit/);
  });

  test("another pod's deaths do not count, nor a group that only looks like this pod's", () => {
    for (const group of [
      "/machine.slice/rkt-pod@y.service/payload/system.slice/main.service",
      `/machine.slice/rkt-pod@y.service/payload/${unit}/payload/system.slice/main.service`,
      `/machine.slice/${unit}x/payload/system.slice/main.service`,
    ])
      assert.deepEqual(explain(view("KILL", "oom-kill"), oom(group, group)), ["as before", undefined], group);
  });
});
