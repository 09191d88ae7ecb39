import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { linesOf, property } from "../../lib/box.ts";
import type { TestMachine } from "../../lib/machine.ts";
import { uuidOf } from "../../lib/pod-host.ts";
import { openTerminal } from "../../lib/terminal.ts";
import { waitFor } from "../../lib/wait-for.ts";
import { ended, nothingLeft, startMachine, untilEnded, vmPod } from "./pods.ts";

const UNTIL_TOLD = "until [ -e /tmp/go ]; do sleep 0.1; done";
/** An app that may mount may write where it else may only read. */
const PANICS = `mkdir /tmp/proc; mount -t proc proc /tmp/proc; echo ready; ${UNTIL_TOLD}; echo c >/tmp/proc/sysrq-trigger; echo not; sleep 1000`;
const MAY_MOUNT = "CapabilityRetain=CAP_SYS_ADMIN\nSeccomp=mode=retain,@rkt/default-whitelist,mount\n";
/** More than the journal may have, of what cannot be compressed, and more lines of the console than the host takes. */
const FLOODS = `tr -d "\\n\\000" </dev/urandom | head -c 40000000; echo; seq 20000 | cat >/dev/console
echo flooded; exec sleep 1000`;

const pods: Readonly<Record<string, string>> = {
  calm: vmPod('trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'),
  panics: vmPod(PANICS, MAY_MOUNT),
  hungry: vmPod(`${UNTIL_TOLD}; exec tail /dev/zero`),
  floods: vmPod(FLOODS.replaceAll("\\", "\\\\"), "", "Net=none\nJournalMaxUse=16M\n"),
};

/** The pod's directory, on a file system of its own, on which nothing is left: of one in memory that is so to the last page. */
const FULL = `cp -a $pod /run/copy; mount -t tmpfs -o size=32M full $pod; cp -a /run/copy/. $pod; rm -r /run/copy
  ! cat /dev/zero >$pod/full 2>/dev/null`;

/** Of the host, for a pod `calm` that is applied and stopped: how it is broken, what the start says then, how it is repaired. In sh, with `$pod`. */
const missing: readonly { readonly what: string; readonly without: string; readonly says: RegExp; readonly again: string }[] = [
  {
    what: "/dev/kvm",
    without: "mv /dev/kvm /dev/kvm.away",
    says: /^Cannot start pod "calm" in a virtual machine: the host has no \/dev\/kvm; load the kernel's module kvm_intel or kvm_amd/m,
    again: "mv /dev/kvm.away /dev/kvm",
  },
  {
    what: "the module vhost_vsock",
    without: "echo install vhost_vsock /bin/false >/etc/modprobe.d/none.conf; systemctl stop rkt-vm-*.socket; rmmod vhost_vsock",
    // The node may be there all the same (kmod-static-nodes.service).
    says: /^Cannot start pod "calm" in a virtual machine: (the host has no \/dev\/vhost-vsock|nothing listens to it); .*module vhost_vsock/m,
    again: "rm /etc/modprobe.d/none.conf; systemctl reset-failed 'rkt-vm-*' 2>/dev/null || :; modprobe vhost_vsock",
  },
  {
    what: "a disk of the machine",
    without: "mkdir /var/lib/rkt/away; mv /var/lib/rkt/vm/system-* /var/lib/rkt/away",
    says: /^Cannot start pod "calm" in a virtual machine: \/var\/lib\/rkt\/vm\/system-\w+\.erofs is gone; "rkt pod apply calm" makes it again$/m,
    again: "mv /var/lib/rkt/away/* /var/lib/rkt/vm; rmdir /var/lib/rkt/away",
  },
  {
    what: "a context id of its own",
    without:
      "cid=$(systemctl show -P ExecStart rkt-pod@calm | grep -o 'guest-cid=[0-9]*' | head -n 1 | cut -d= -f2); mkdir /run/rkt/vm/another; mkdir -p /run/rkt/cids; echo another >/run/rkt/cids/$cid",
    says: /^Cannot start pod "calm" in a virtual machine: pod "another", which runs, has the same context id; give one of them another UUID$/m,
    again: "grep -qx another /run/rkt/cids/*; rm /run/rkt/cids/*; rmdir /run/rkt/vm/another",
  },
  {
    what: "room on the disk of the pod",
    without: FULL,
    says: /(nothing can be written to \/var\/lib\/rkt\/pods\/named\/|\/var\/lib\/rkt\/pods\/named\/.*: No space left on device)/,
    again: "umount $pod",
  },
];

/** What becomes of pods in virtual machines when something fails: a state and a sentence that say so, and nothing that is left. */
export async function checkFailures(t: TestContext, vm: TestMachine): Promise<void> {
  for (const [name, text] of Object.entries(pods)) await vm.write(`/etc/rkt/pods.d/${name}.pod`, text);

  await t.test("what a machine cannot be made of is said by apply, with the pod's name", async () => {
    const refused = async (reason: RegExp): Promise<void> => {
      const result = await vm.run(["rkt", "pod", "apply", "calm"]);
      assert.notEqual(result.status, 0);
      assert.match(result.stderr, /Cannot make a virtual machine of pod "calm": /);
      assert.match(result.stderr, reason);
    };
    await vm.sh("mv /dev/kvm /dev/kvm.away");
    await refused(/the host has no \/dev\/kvm\n +Load the kernel's module kvm_intel or kvm_amd/);
    await vm.sh(`mv /dev/kvm.away /dev/kvm
      mkdir /usr/lib/modules/99.0.0-cloud; touch /boot/vmlinuz-99.0.0-cloud /usr/lib/modules/99.0.0-cloud/modules.order /usr/lib/modules/99.0.0-cloud/modules.builtin; depmod 99.0.0-cloud`);
    await refused(/kernel "99\.0\.0-cloud" has no module virtio_pci, /);
    await vm.sh("rm -r /boot/vmlinuz-99.0.0-cloud /usr/lib/modules/99.0.0-cloud");
    for (const name of Object.keys(pods)) await vm.sh(`rkt pod apply ${name}`);
  });

  const uuid = await uuidOf(vm, "calm");
  const directory = `/var/lib/rkt/pods/named/${uuid}`;
  const journal = (name: string): Promise<string> => vm.sh(`journalctl --quiet --output=cat -u rkt-pod@${name}`);

  await t.test("what a start does not find is said in the unit's journal", async () => {
    for (const { what, without, says, again } of missing) {
      await vm.sh(`pod=${directory}; ${without}`);
      assert.notEqual((await vm.run(["systemctl", "start", "rkt-pod@calm"])).status, 0, what);
      assert.match(await journal("calm"), says);
      assert.deepEqual([await property(vm, "calm", "ActiveState"), await property(vm, "calm", "Result")], ["failed", "exit-code"], what);
      await vm.sh(`pod=${directory}; ${again}`);
      await nothingLeft(vm);
    }
  });

  // One machine at a time: emulators lose machines that boot side by side (test/README.md).
  const tell = async (name: string): Promise<void> => {
    await startMachine(vm, name);
    // It may or may not be heard of again.
    await vm.run(["rkt", "enter", name, "/bin/touch", "/tmp/go"]);
    await untilEnded(vm, name);
  };

  await t.test("a panic of the guest's kernel ends the pod, and it says so", async () => {
    await tell("panics");
    assert.equal(await property(vm, "panics", "Result"), "exit-code");
    assert.match(await vm.sh("systemctl show -p ExecStopPost rkt-pod@panics"), /status=254/);
    const said = await journal("panics");
    assert.match(said, /Kernel panic - not syncing: sysrq triggered crash/);
    assert.match(said, /^The virtual machine ended without a word on its apps: its kernel or its systemd has crashed$/m);
    assert.equal((await linesOf(vm, await uuidOf(vm, "panics"), "main")).at(-1), "ready");
  });

  await t.test("memory that runs out in the guest ends the app, and so the pod, and it says so", async () => {
    await tell("hungry");
    await ended(vm, "hungry", { result: "signal", status: "9/KILL", app: "137" });
    assert.match(await journal("hungry"), /^App "main" ran out of memory \(killed KILL oom-kill\)/m);
  });

  await t.test("a guest that floods its journal and its console fills neither the disk nor the host's journal", async () => {
    const machine = (await uuidOf(vm, "floods")).replaceAll("-", "");
    await startMachine(vm, "floods");
    const last = async (): Promise<true | undefined> => {
      const size = Number((await vm.sh(`du -sk /var/log/journal/${machine}`)).split("\t")[0]);
      // Of its own, or 32 MiB where that is less: and a block here and there.
      assert.ok(size <= 33 * 1024, `its journal takes ${size} KiB`);
      return (await vm.sh(`journalctl --quiet --output=cat -n 5 -D /var/log/journal/${machine} -t main`)).includes("flooded")
        ? true
        : undefined;
    };
    await waitFor(last, { what: "the end of the flood", timeout: 400_000, interval: 1000 });
    assert.match(await vm.sh(`ls /var/log/journal/${machine}`), /^system@/m);
    // Whether its console is a flood depends on how quick the machine is.
    assert.equal(await property(vm, "floods", "LogRateLimitBurst"), "500");
    await vm.sh("systemctl stop rkt-pod@floods");
    await nothingLeft(vm);
  });

  await t.test("of several starts at once the machine is started once", async () => {
    await vm.sh("systemctl start rkt-pod@calm & systemctl start rkt-pod@calm & systemctl start --no-block rkt-pod@calm; wait");
    await startMachine(vm, "calm");
    assert.equal((await vm.sh(`pgrep -ax qemu-system-x86 | grep -c 'name rkt-${uuid} '`)).trim(), "1");
  });

  await t.test("eight commands are in it at once, and a ninth is refused", async () => {
    await vm.sh(`for n in 1 2 3 4 5 6 7 8; do (rkt enter calm /bin/sh -c "echo in; exec sleep 1000" >/run/enter-$n || echo $? >>/run/enter-$n) </dev/null >/dev/null 2>&1 & done
      for n in 1 2 3 4 5 6 7 8; do until grep -q . /run/enter-$n; do sleep 0.2; done; done`);
    assert.equal(await vm.sh("cat /run/enter-*"), "in\n".repeat(8));
    const ninth = await vm.run(["rkt", "enter", "calm", "/bin/true"]);
    assert.deepEqual([ninth.status, ninth.stderr], [254, 'enter: Cannot enter pod "calm": eight commands run in it already\n']);
    await vm.sh("pkill -TERM -o -f 'guest enter .* sleep 1000'; until grep -qx 143 /run/enter-*; do sleep 0.2; done");
    assert.equal((await vm.run(["rkt", "enter", "calm", "/bin/sh", "-c", "exit 3"])).status, 3);
  });

  await t.test("a window that changes its size, and ^C, reach a command at a terminal", async () => {
    const shell = 'trap "stty size" WINCH; echo on; while :; do sleep 0.2; done';
    const terminal = openTerminal(vm, `tty >/run/terminal; stty rows 30 cols 90; exec rkt enter calm /bin/sh -c '${shell}'`, 120_000);
    await terminal.expect(/on\r?\n/);
    await vm.sh("stty rows 41 cols 99 </dev/pts/$(basename $(cat /run/terminal))");
    await terminal.expect(/41 99/);
    terminal.type("\u0003");
    assert.equal((await terminal.ended()).status, 130);
  });

  await t.test("a disk that gets full under it changes nothing of how it ends, and no other run's end is taken for its own", async () => {
    await vm.sh(`pod=${directory}; ${FULL}; systemctl stop rkt-pod@calm`);
    assert.equal(await property(vm, "calm", "Result"), "exit-code");
    assert.match(await vm.sh("systemctl show -p ExecStopPost rkt-pod@calm"), /status=5/);
    assert.match(await journal("calm"), /^How pod "calm" ended is not recorded: nothing can be written to /m);
    assert.doesNotMatch(await vm.sh("rkt status calm"), /^app-main=0$/m);
    await vm.sh(`umount ${directory}`);
    await nothingLeft(vm);
  });
}
