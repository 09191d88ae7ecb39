import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { TestMachine } from "../../lib/machine.ts";
import { uuidOf } from "../../lib/pod-host.ts";
import { installGenericKernel } from "../../lib/vm/hypervisor.ts";
import { linesToEnd, startMachine, vmPod } from "./pods.ts";

const script = `cat /data/in; echo guest >/data/out; chmod 640 /data/out; ln -s out /data/link; mkdir /data/dir; mv /data/out /data/dir/out
chown 33:34 /data/dir/out 2>&1; cat /secret/in 2>&1; (echo no >/ro/new) 2>&1; ls /ro; cat /ro/below/in; ls /flat/below; echo end; sleep 1000`;

/** Directories of the host in a machine whose hypervisor gives them itself: what it can, and what it says that it cannot. */
export async function checkNineVolumes(t: TestContext, vm: TestMachine): Promise<void> {
  await vm.sh(`mkdir -p /srv/data /srv/secret /srv/ro/below /srv/flat/below; echo host >/srv/data/in; chown rkt-vm /srv/data
    echo hidden >/srv/secret/in; chmod 600 /srv/secret/in
    mount -t tmpfs below /srv/ro/below; echo below >/srv/ro/below/in; mount -t tmpfs below /srv/flat/below; echo flat >/srv/flat/below/in`);
  const volumes = [
    "Volume=data,kind=host,source=/srv/data",
    "Volume=secret,kind=host,source=/srv/secret",
    "Volume=ro,kind=host,source=/srv/ro,readOnly=true",
    "Volume=flat,kind=host,source=/srv/flat,recursive=false",
  ];
  const mounts = ["data", "secret", "ro", "flat"].map((name) => `Mount=volume=${name},target=/${name}\n`).join("");
  await vm.write("/etc/rkt/pods.d/volumes.pod", vmPod(script, mounts, `Net=none\n${volumes.join("\n")}\n`));

  await t.test("a kernel without 9p is refused, with the package that has another one", async () => {
    const { status, stderr } = await vm.run(["rkt", "pod", "apply", "volumes"]);
    assert.notEqual(status, 0);
    assert.match(stderr, /kernel ".*-cloud-amd64" has no module 9p, 9pnet_virtio\n.*linux-image-amd64/);
  });

  await t.test("directories come by 9p, its limits are said at apply, and the hypervisor's rights are the pod's", async () => {
    await installGenericKernel(vm);
    const applied = await vm.run(["rkt", "pod", "apply", "volumes"]);
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(applied.stderr, /9p carries "data", "secret", "ro", "flat" under lkvm: .* owners cannot be changed/);
    const uuid = await uuidOf(vm, "volumes");
    await startMachine(vm, "volumes");
    const lines = await linesToEnd(vm, uuid);
    const [first, owner, secret, write, ...rest] = lines;
    assert.equal(first, "host");
    assert.match(owner ?? "", /out: Operation not permitted/);
    assert.match(secret ?? "", /in': Permission denied/);
    assert.match(write ?? "", /Read-only file system/);
    // What is mounted below a directory is there unless it is not recursive.
    assert.deepEqual(rest, ["below", "below", "end"]);
    assert.equal(
      await vm.sh("stat -c '%a %U' /srv/data/dir/out; readlink /srv/data/link; cat /srv/data/dir/out; ls /srv/ro"),
      "640 rkt-vm\nout\nguest\nbelow\n",
    );
    await vm.sh("systemctl stop rkt-pod@volumes; umount /srv/ro/below /srv/flat/below");
  });
}
