import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, shellApp, systemctlInside } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod, compileStatic } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

/** Makes each system call with arguments that do no harm, and writes NAME=ERRNO. */
const PROBE = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#define TRY(name, ...) do { errno = 0; syscall(SYS_##name, ##__VA_ARGS__); printf(#name "=%d\\n", errno); fflush(stdout); } while (0)
int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "clone3")) { TRY(clone3, 0, 0); return 0; }
  if (argc > 1) { TRY(getppid); TRY(chmod, "/nowhere", 0); TRY(sync); return 0; }
  TRY(mount, "none", "/tmp", "tmpfs", 0, "");
  TRY(umount2, "/nowhere", 0);
  TRY(unshare, CLONE_NEWNS);
  TRY(setns, -1, 0);
  TRY(bpf, 0, 0, 0);
  TRY(perf_event_open, 0, 0, 0, 0, 0);
  TRY(open_by_handle_at, -1, 0, 0);
  TRY(userfaultfd, 0);
  TRY(io_uring_setup, 0, 0);
  TRY(keyctl, 0, 0);
  TRY(add_key, 0, 0, 0, 0, 0);
  TRY(init_module, 0, 0, 0);
  TRY(kexec_load, 0, 0, 0, 0);
  TRY(swapon, "/nowhere", 0);
  TRY(clock_settime, 0, 0);
  TRY(settimeofday, 0, 0);
  TRY(reboot, 0, 0, 0, 0);
  TRY(iopl, 3);
  TRY(ptrace, 0, 0, 0, 0);
  TRY(pivot_root, "/", "/");
  TRY(quotactl, 0, 0, 0, 0);
  TRY(getpid);
  return 0;
}`;

const DENIED = (
  "mount umount2 unshare setns bpf perf_event_open open_by_handle_at userfaultfd io_uring_setup keyctl add_key init_module kexec_load " +
  "swapon clock_settime settimeofday reboot iopl ptrace pivot_root quotactl"
).split(" ");

const EPERM = 1;
const ENOSYS = 38;
/** What systemd 257 leaves in the inheritable set by itself. */
const CAP_SETPCAP = 0x100n;
const DEFAULT_SET = 0xa80425fbn;

function app(name: string, exec: string, more = ""): string {
  return `[App ${name}]\n${BOX_APP}Exec=${exec}\n${more}\n`;
}

function readStatus(text: string): Map<string, bigint> {
  const lines = text.split("\n").flatMap((line) => /^(Cap\w+|NoNewPrivs|Seccomp):\s+(\w+)$/.exec(line)?.slice(1) ?? []);
  return new Map(lines.flatMap((item, index) => (index % 2 === 0 ? [[item, BigInt(`0x${lines[index + 1]}`)] as const] : [])));
}

function results(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
}

forEachSuite((suite) => {
  test("what an app cannot do", async (t) => {
    await using host = await bootWithBox(suite, { files: { "bin/probe": await compileStatic(PROBE) } });
    const run = async (name: string, declaration: string) => {
      await applyPod(host, name, declaration);
      await host.sh(`systemctl start rkt-pod@${name}`);
    };
    const job = `${BOX_POD}Net=none\nJob=yes\n`;

    await t.test("capabilities: the default set, retain, remove, and none inherited", async () => {
      const copy = (name: string) => `/bin/cp /proc/self/status /out/${name}`;
      await run(
        "capabilities",
        job +
          app("default", copy("default")) +
          app("retain", copy("retain"), "CapabilityRetain=CAP_NET_ADMIN CAP_CHOWN") +
          app("remove", copy("remove"), "CapabilityRemove=CAP_MKNOD CAP_NET_RAW\nNoNewPrivileges=yes") +
          app("user", copy("user"), "User=1000"),
      );
      const status = async (name: string) => readStatus(await host.read(`/srv/out/${name}`));
      const [standard, retain, remove, user] = [
        await status("default"),
        await status("retain"),
        await status("remove"),
        await status("user"),
      ];
      assert.equal(standard.get("CapBnd"), DEFAULT_SET);
      assert.equal(standard.get("CapEff"), DEFAULT_SET);
      assert.equal(standard.get("NoNewPrivs"), 0n);
      assert.equal(retain.get("CapBnd"), (1n << 12n) | 1n);
      assert.equal(remove.get("CapBnd"), DEFAULT_SET & ~((1n << 27n) | (1n << 13n)));
      assert.equal(remove.get("NoNewPrivs"), 1n);
      assert.equal(user.get("CapEff"), 0n);
      assert.equal(user.get("CapPrm"), 0n);
      for (const map of [standard, retain, remove, user]) {
        assert.equal((map.get("CapInh") ?? -1n) & ~CAP_SETPCAP, 0n);
        assert.equal(map.get("CapAmb"), 0n);
        assert.equal(map.get("Seccomp"), 2n);
      }
    });

    await t.test("system calls of a machine's administration fail with EPERM, what C libraries try does not", async () => {
      await run(
        "calls",
        job +
          shellApp(
            "main",
            "probe >/out/calls; probe clone3 >>/out/calls",
            "CapabilityRetain=CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_TIME CAP_SYS_MODULE",
          ),
      );
      const seen = results(await host.read("/srv/out/calls"));
      for (const call of DENIED) assert.equal(Number(seen[call]), EPERM, `${call}: ${seen[call]}`);
      assert.equal(seen["getpid"], "0");
      assert.notEqual(Number(seen["clone3"]), EPERM);
      assert.notEqual(Number(seen["clone3"]), ENOSYS);
    });

    await t.test("Seccomp=: remove with an error, retain, and death without an error", async () => {
      await run(
        "sets",
        job +
          app("remove", "/bin/sh -c 'probe x >/out/remove'", "Seccomp=mode=remove,errno=ENOSYS,chmod") +
          app("retain", "/bin/sh -c 'probe x >/out/retain'", "Seccomp=mode=retain,errno=EACCES,@rkt/default-whitelist"),
      );
      const [remove, retain] = [results(await host.read("/srv/out/remove")), results(await host.read("/srv/out/retain"))];
      assert.equal(Number(remove["chmod"]), ENOSYS);
      assert.equal(remove["sync"], "0");
      assert.equal(Number(retain["chmod"]), 2);
      await applyPod(host, "death", job + app("main", "/bin/chmod 700 /tmp", "Seccomp=mode=remove,chmod,fchmodat,fchmodat2,fchmod"));
      assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@death"])).status, 0);
      assert.match(await host.sh("cat /var/lib/rkt/pods/named/*/status/main"), /(killed|dumped) SYS/);
      await host.write("/etc/rkt/pods.d/wrong.pod", job + app("main", "/bin/true", "Seccomp=mode=remove,@rkt/nothing"));
      assert.notEqual((await host.run(["rkt", "pod", "apply", "wrong"])).status, 0);
      await host.sh("rm /etc/rkt/pods.d/wrong.pod");
    });

    await t.test("the kernel's settings cannot be written, by root and with CAP_SYS_ADMIN neither", async () => {
      const script = `
        for path in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/overcommit_memory /proc/sysrq-trigger /sys/kernel/uevent_helper \\
            /sys/kernel/mm/transparent_hugepage/enabled /proc/irq/default_smp_affinity /proc/sys/net/ipv4/ip_forward /proc/mtrr; do
          [ -e $path ] || continue
          if (echo x >$path) 2>/dev/null; then echo "written $path"; fi
        done
        for path in /sys/firmware /sys/module /sys/power; do ls -A $path 2>/dev/null | sed "s,^,seen $path/,"; done
        for path in /proc/kcore /proc/kallsyms /proc/config.gz /proc/timer_list /proc/keys /proc/sched_debug; do
          [ -s $path ] && echo "seen $path"; head -c1 $path 2>/dev/null | grep -q . && echo "read $path"
        done
        (echo x >/sys/fs/cgroup/cgroup.procs) 2>/dev/null && echo written cgroup
        (mknod /tmp/sda b 8 0 && head -c1 /tmp/sda) 2>/dev/null && echo read sda
        (mknod /tmp/kmsg c 1 11 && head -c1 /tmp/kmsg) 2>/dev/null | grep -q . && echo read kmsg
        :`;
      await host.write("/srv/out/kernel.sh", script);
      await run(
        "kernel",
        job +
          shellApp(
            "main",
            "sh /out/kernel.sh >/out/kernel 2>&1; echo end >>/out/kernel",
            "CapabilityRetain=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_MKNOD CAP_SYSLOG",
          ),
      );
      assert.equal(await host.read("/srv/out/kernel"), "end\n");
    });

    await t.test("Device=: what was given is there and works, nothing else", async () => {
      const script = "ls /dev >/out/dev; (: <>/dev/fuse) && echo open >/out/fuse";
      await run(
        "device",
        job.replace("[Pod]", "[Pod]\nDevice=/dev/fuse:rw") +
          shellApp("main", script) +
          shellApp("other", "ls /proc/1/root >/out/root 2>&1 || :"),
      );
      assert.equal(await host.read("/srv/out/fuse"), "open\n");
      const nodes = (await host.read("/srv/out/dev")).trim().split("\n");
      for (const name of [
        "null",
        "zero",
        "full",
        "random",
        "urandom",
        "tty",
        "ptmx",
        "pts",
        "shm",
        "fuse",
        "stdin",
        "stdout",
        "stderr",
        "fd",
      ]) {
        assert.ok(nodes.includes(name), `${name} is missing in ${nodes.join(" ")}`);
      }
      for (const name of ["kmsg", "loop-control", "kvm", "mem", "port", "sda"]) assert.ok(!nodes.includes(name), `${name} is there`);
      assert.doesNotMatch(await host.read("/srv/out/root"), /rkt/);
    });

    await t.test("Device=: a host that has no such device, or something else there, is told at apply", async () => {
      for (const [path, reason] of [
        ["/dev/missing", "the host does not have it"],
        ["/dev/shm", "it is no device"],
      ] as const) {
        await host.write("/etc/rkt/pods.d/bad.pod", `${job.replace("[Pod]", `[Pod]\nDevice=${path}`)}${shellApp("main", ":")}`);
        const refused = await host.run(["rkt", "pod", "apply", "bad"]);
        assert.ok(refused.stderr.includes(`bad.pod:2: Cannot give the pod "${path}": ${reason}`), refused.stderr);
      }
      await host.sh("rm /etc/rkt/pods.d/bad.pod");
    });

    await t.test("Hostname=, Sysctl=, and a network with nothing but lo", async () => {
      await run(
        "names",
        job.replace(
          "[Pod]",
          "[Pod]\nHostname=box-1.example.com\nSysctl=net.ipv4.ip_unprivileged_port_start=80\nSysctl=kernel.msgmax=9000",
        ) +
          shellApp(
            "main",
            "{ hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax; ls /sys/class/net; ping -c1 -w2 127.0.0.1 | grep -c ttl; } >/out/names 2>&1",
          ),
      );
      assert.equal(await host.read("/srv/out/names"), "box-1.example.com\n80\n9000\nlo\n1\n");
      assert.notEqual(await host.sh("cat /proc/sys/kernel/msgmax"), "9000\n");
      await host.write("/etc/rkt/pods.d/bad.pod", `${job.replace("[Pod]", "[Pod]\nSysctl=kernel.core_pattern=x")}${shellApp("main", ":")}`);
      const refused = await host.run(["rkt", "pod", "apply", "bad"]);
      assert.match(refused.stderr, /Cannot set "kernel\.core_pattern"/);
      await host.sh("rm /etc/rkt/pods.d/bad.pod");
    });

    await t.test("Net=host is the host's network, and names are looked up as there", async () => {
      await host.sh("echo 'nameserver 192.0.2.53' >/etc/resolv.conf; ip link add br7 type bridge");
      const script =
        "{ ls /sys/class/net; cat /etc/resolv.conf; ping -c1 -w1 localhost | head -1; ping -c1 -w1 $(hostname) | head -1; } >/out/net 2>&1";
      await run("nethost", `${BOX_POD}Net=host\nJob=yes\nHostname=box-2\n${shellApp("main", script)}`);
      const seen = await host.read("/srv/out/net");
      assert.match(seen, /^br7\n/);
      assert.match(seen, /^nameserver 192\.0\.2\.53$/m);
      assert.match(seen, /^PING localhost \((127\.0\.0\.1|::1)\)/m);
      assert.match(seen, /^PING box-2 \(127\.0\.1\.1\)/m);
    });

    await t.test("limits are in the app's unit, and those without a cgroup in its processes", async () => {
      const limits = "Memory=64Mi\nCPU=500m\nCPUShares=2048\nOOMScoreAdjust=321\nTasksMax=55\nLimitNOFILE=123:456\nNice=3\nUMask=0027";
      const script =
        '{ cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn; umask; cut -d" " -f19 /proc/self/stat; } >/out/limits; sleep 1000';
      await applyPod(host, "limits", `${BOX_POD}Net=none\n${shellApp("main", script, limits)}\n[Service]\nMemoryMax=100M\nTasksMax=77\n`);
      await host.sh("systemctl start rkt-pod@limits");
      const shown = await systemctlInside(
        host,
        "limits",
        "show -p MemoryMax,CPUQuotaPerSecUSec,CPUWeight,TasksMax,OOMScoreAdjust main.service",
      );
      assert.deepEqual(shown.trim().split("\n").toSorted(), [
        "CPUQuotaPerSecUSec=500ms",
        "CPUWeight=200",
        "MemoryMax=67108864",
        "OOMScoreAdjust=321",
        "TasksMax=55",
      ]);
      assert.equal(
        await host.sh("systemctl show -P MemoryMax rkt-pod@limits; systemctl show -P TasksMax rkt-pod@limits"),
        "104857600\n77\n",
      );
      const seen = () => host.run(["cat", "/srv/out/limits"]);
      await waitFor(async () => ((await seen()).stdout.split("\n").length === 6 ? true : undefined), { what: "the app's limits" });
      assert.equal((await seen()).stdout, "321\n123\n456\n0027\n3\n");
      await host.sh("systemctl stop rkt-pod@limits");
    });
  });
});
