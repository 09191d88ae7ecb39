import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareBox } from "../lib/box.ts";
import { forOneSuite } from "../lib/each-suite.ts";
import { applyPod } from "../lib/pod-host.ts";
import { bundleStage1Maker, signImage } from "../lib/stage1-images.ts";
import { bootVm } from "../lib/vm.ts";

const IMAGE = "/root/s1/stage1-kvm.aci";

forOneSuite((suite) => {
  test("pods in virtual machines that an image makes", async (t) => {
    await using vm = await bootVm({ suite });
    await prepareBox(vm);
    await vm.write("/root/maker.mjs", await bundleStage1Maker());
    const make = (directory: string): Promise<string> =>
      vm.sh(`/usr/lib/rkt/bin/node /root/maker.mjs --output=${directory} --guest=/usr/lib/rkt/guest --version=1 --only=kvm`);

    await t.test("two builds from the host's kernel and files are the same", async () => {
      await make("/root/s1");
      await make("/root/s2");
      await vm.sh("cmp /root/s1/stage1-kvm.aci /root/s2/stage1-kvm.aci");
    });

    await t.test("the machine has kernel and system of the image, whatever the host has", async () => {
      await signImage(vm, IMAGE);
      await vm.sh(`rkt trust --prefix=coreos.com/rkt --skip-fingerprint-review /root/key.asc; rkt fetch ${IMAGE}
        mkdir /root/boot; mv /boot/vmlinuz-* /root/boot/`);
      await applyPod(
        vm,
        "made",
        "[Pod]\nStage1=coreos.com/rkt/stage1-kvm:1\nNet=none\n[App main]\nImage=/root/images/box.aci\nExec=/bin/sh -c 'uname -r; exec sleep 1000'\n[Service]\nTimeoutStartSec=10min\n",
      );
      await vm.sh("systemctl start rkt-pod@made");
      const kernel = (await vm.sh("basename /root/boot/vmlinuz-*cloud*")).trim().slice("vmlinuz-".length);
      assert.equal(await vm.sh("rkt enter made /bin/uname -r"), `${kernel}\n`);
      assert.match(await vm.sh("systemctl status --no-pager rkt-pod@made"), /Main PID: \d+ \(qemu-system/);
      assert.match((await vm.run(["rkt", "image", "rm", "coreos.com/rkt/stage1-kvm:1"])).stderr, /pods need it: "made"/);
      await vm.sh("systemctl stop rkt-pod@made; rkt gc --grace-period=0s; rkt image gc --grace-period=0s");
      await vm.sh("systemctl start rkt-pod@made");
      assert.equal(await vm.sh("rkt enter made /bin/uname -r"), `${kernel}\n`);
      await vm.sh("systemctl stop rkt-pod@made");
    });

    await t.test("without the host's kernel a machine of its own files is refused in words", async () => {
      await vm.write("/etc/rkt/pods.d/own.pod", "[Pod]\nStage1=kvm\nNet=none\n[App main]\nImage=/root/images/box.aci\nExec=/bin/true\n");
      assert.match((await vm.run(["rkt", "pod", "apply", "own"])).stderr, /there is no kernel in \/boot/);
    });
  });
});
