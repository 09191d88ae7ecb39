import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { TestMachine } from "../../lib/machine.ts";
import { property } from "../../lib/box.ts";
import { uuidOf } from "../../lib/pod-host.ts";
import { waitFor } from "../../lib/wait-for.ts";
import { linesToEnd, startMachine, vmPod } from "./pods.ts";

/** What a file system of another kind would do differently, and what the guest may not. */
const script = `cat /data/in; echo guest >/data/out; chown 33:34 /data/out; chmod 4750 /data/out; ln -s out /data/link; mkdir -m 1777 /data/dir
exec 5>/data/gone; rm /data/gone; echo kept >&5; ls /data/gone 2>&1
(echo no >/ro/new) 2>&1; cat /ro/below/in; echo flat $(ls -A /flat/below && echo listed); touch /keep/file; dd if=/dev/zero of=/small/full bs=64k count=64 2>&1 | tail -n 1; cat /etc/one.conf; (echo no >/etc/one.conf) 2>&1; echo more >>/etc/two.conf; ls -A /rkt 2>/dev/null; ip -o addr; head -n 1 /proc/meminfo; cd "$CREDENTIALS_DIRECTORY"; for name in *; do echo "credential $name=$(cat $name)"; done; echo end; sleep 1000`;

/** A name that is not plain. */
const DATA = "/srv/my data:1%";

/** Directories of the host, and of the pod's own, in a virtual machine. */
export async function checkVolumes(t: TestContext, vm: TestMachine): Promise<void> {
  await vm.sh(`mkdir -p "${DATA}" /srv/ro/below /srv/flat/below; echo host >"${DATA}/in"
    mount -t tmpfs below /srv/ro/below; echo below >/srv/ro/below/in; mount -t tmpfs below /srv/flat/below; echo hidden >/srv/flat/below/in
    echo one >/srv/one.conf; echo two >/srv/two.conf`);
  const volumes = [
    `Volume=data,kind=host,source=${DATA}`,
    "Volume=ro,kind=host,source=/srv/ro,readOnly=true",
    "Volume=flat,kind=host,source=/srv/flat,recursive=false",
    "Volume=keep,kind=empty,mode=0700",
    "Volume=state,kind=state",
    "Volume=small,kind=tmpfs,size=1M",
    "Volume=one,kind=host,source=/srv/one.conf,readOnly=true",
    "Volume=two,kind=host,source=/srv/two.conf",
  ];
  const files = ["one", "two"].map((name) => `Mount=volume=${name},target=/etc/${name}.conf\n`).join("");
  const mounts = ["data", "ro", "flat", "keep", "state", "small"].map((name) => `Mount=volume=${name},target=/${name}\n`).join("");
  const text = vmPod(script, `Memory=16M\nCredential=key word\n${mounts}${files}`, `Net=none\n${volumes.join("\n")}\n`);
  const credentials = "LoadCredential=key:/srv/key\nSetCredential=word:plain\nSetCredential=another:hidden\n";
  await vm.sh("umask 077; echo -n hush >/srv/key");
  await vm.write("/etc/rkt/pods.d/volumes.pod", text.replace("[Service]\n", `[Service]\n${credentials}`));
  await vm.sh("rkt pod apply volumes");
  const uuid = await uuidOf(vm, "volumes");

  await t.test("directories of the host are there by virtiofs, as the pod may have them", async () => {
    await startMachine(vm, "volumes");
    const lines = await linesToEnd(vm, uuid);
    assert.equal(lines[0], "host");
    assert.match(lines[1] ?? "", /\/data\/gone: No such file/);
    assert.match(lines[2] ?? "", /Read-only file system/);
    assert.equal(lines[3], "below");
    // 1 MiB of 4.
    assert.ok(lines.includes("16+0 records out"));
    assert.ok(lines.includes("flat listed"), "what is mounted below a directory that is not recursive is not there");
    assert.equal(await vm.sh(`cd "${DATA}"; stat -c '%a %u %g' out; readlink link; stat -c %a dir`), "4750 33 34\nout\n1777\n");
    assert.equal(await vm.sh(`cat "${DATA}/out"; ls /srv/ro`), "guest\nbelow\n");
    // Files, and nothing beside them.
    const file = lines.indexOf("one");
    assert.match(lines[file + 1] ?? "", /one\.conf: Read-only file system/);
    assert.match(lines[file + 2] ?? "", /^1: lo /);
    assert.equal(await vm.sh("cat /srv/one.conf /srv/two.conf"), "one\ntwo\nmore\n");
  });

  await t.test("credentials of its unit are the app's that names them, and on the host the hypervisor's only", async () => {
    const lines = await linesToEnd(vm, uuid);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("credential ")),
      ["credential key=hush", "credential word=plain"],
    );
    const disk = `/run/rkt/vm/${uuid}/credentials`;
    assert.equal(await vm.sh(`stat -c "%U %G %a" ${disk}; ls -d /run/rkt/guests/${uuid}/cred* 2>/dev/null || :`), "root rkt-vm 440\n");
    assert.equal(await vm.sh(`grep -c hidden ${disk} || :`), "0\n", "one that no app names does not leave the host");
  });

  await t.test("it runs in 96 MB, and without a network it has its loopback only", async () => {
    const lines = await linesToEnd(vm, uuid);
    assert.deepEqual(new Set(lines.flatMap((line) => /^\d+: (\S+) +inet/.exec(line)?.[1] ?? [])), new Set(["lo"]));
    assert.match(await property(vm, "volumes", "ExecStart"), / -m 96M /);
    const total = /^MemTotal: +(\d+) kB$/m.exec(lines.join("\n"))?.[1];
    assert.ok(Number(total) < 96 * 1024, total);
  });

  await t.test("their servers end with the pod", async () => {
    await vm.sh("systemctl stop rkt-pod@volumes");
    const gone = async (): Promise<true | undefined> =>
      (await vm.sh("systemctl list-units --all --no-legend --plain 'rkt-volume-*'; pgrep virtiofsd || :")) === "" ? true : undefined;
    await waitFor(gone, { what: "the servers to end", timeout: 60_000, interval: 500 });
    await vm.sh("umount /srv/ro/below /srv/flat/below");
  });
}
