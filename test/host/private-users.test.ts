import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, linesOf, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const POD = `${BOX_POD}PrivateUsers=yes\n`;
const WAIT = "echo up; while :; do sleep 1000 & wait; done";

/** First host id of the pod, as the kernel has it. */
async function baseOf(host: TestHost, name: string): Promise<number> {
  return Number((await host.sh(`pid=$(rkt status ${name} | sed -n 's/^pid=//p'); awk '{ print $2 }' /proc/$pid/uid_map`)).trim());
}

async function owner(host: TestHost, path: string): Promise<string> {
  return (await host.sh(`stat -c '%u:%g %a' ${path}`)).trim();
}

async function started(host: TestHost, name: string): Promise<void> {
  await host.sh(`systemctl start rkt-pod@${name}`);
  const uuid = await uuidOf(host, name);
  await waitFor(async () => ((await linesOf(host, uuid, "main")).includes("up") ? true : undefined), { what: `the app of ${name}` });
}

forEachSuite((suite) => {
  test("pods with user ids of their own", async (t) => {
    await using host = await bootWithBox(suite);
    await host.sh("mkdir -m 0700 /run/closed /srv/closed; mkdir -m 0777 /run/closed/data /srv/closed/data /srv/open");

    await t.test("root in the pod is nobody on the host, other ids are shifted by the same", async () => {
      await applyPod(host, "a", `${POD}${shellApp("main", WAIT)}${shellApp("other", WAIT, "User=www")}`);
      await started(host, "a");
      const base = await baseOf(host, "a");
      assert.ok(base >= 0x1000_0000 && base % 65536 === 0, String(base));
      const uids = (await host.sh("ps -eo uid,args | awk '/sleep 100[0]/ { print $1 }' | sort -n")).trim().split("\n").map(Number);
      assert.deepEqual([...new Set(uids)], [base, base + 33]);
      assert.equal((await host.sh("rkt enter --app=main a /bin/id -u")).trim(), "0");
      assert.equal((await host.sh("rkt enter --app=other a /bin/id -u")).trim(), "33");
    });

    await t.test("two pods have two ranges, and each keeps its own", async () => {
      await applyPod(host, "b", `${POD}${shellApp("main", WAIT)}`);
      await started(host, "b");
      const [a, b] = [await baseOf(host, "a"), await baseOf(host, "b")];
      assert.ok(Math.abs(a - b) >= 65536);
      await host.sh("systemctl restart rkt-pod@a");
      assert.equal(await baseOf(host, "a"), a);
      await host.sh("systemctl stop rkt-pod@a rkt-pod@b");
    });

    await t.test("host volumes have high ids, with idmap=true plain ones; a setuid file in one helps nobody", async () => {
      const lines = "Volume=open,kind=host,source=/srv/open\nVolume=data,kind=host,source=/run/closed/data,idmap=true\n";
      const mounts = "Mount=volume=open,target=/open\nMount=volume=data,target=/data\n";
      const script = `cp /bin/busybox /open/su; chmod 4755 /open/su; cp /bin/busybox /data/su; chmod 4755 /data/su; chown 33:34 /open /data; ${WAIT}`;
      await applyPod(host, "c", `${POD}${lines}${shellApp("main", script, mounts)}`);
      await started(host, "c");
      const base = await baseOf(host, "c");
      assert.equal(await owner(host, "/srv/open/su"), `${base}:${base} 4755`);
      assert.equal(await owner(host, "/run/closed/data/su"), "0:0 4755");
      assert.equal(await owner(host, "/run/closed/data"), "33:34 777");
      const euid = (path: string) => host.run(["setpriv", "--reuid=65534", "--clear-groups", path, "id", "-u"]);
      assert.notEqual((await euid("/srv/open/su")).stdout.trim(), "0");
      assert.notEqual((await euid("/run/closed/data/su")).status, 0);
      await host.sh("systemctl stop rkt-pod@c");
    });

    await t.test("a writable layer lets nobody else in, so what is planted there stays there", async () => {
      await applyPod(host, "d", `${POD}${shellApp("main", `cp /bin/busybox /su; chmod 4755 /su; ${WAIT}`)}`);
      await started(host, "d");
      const path = `/var/lib/rkt/pods/named/${await uuidOf(host, "d")}/rw/main/upper/su`;
      assert.equal(await owner(host, path), "0:0 4755");
      assert.notEqual((await host.run(["setpriv", "--reuid=65534", "--clear-groups", path, "id", "-u"])).status, 0);
    });

    await t.test("idmap=true below a directory that others may enter is refused", async () => {
      await host.write(
        "/etc/rkt/pods.d/e.pod",
        `${POD}Volume=v,kind=host,source=/srv/open,idmap=true\n${shellApp("main", WAIT, "Mount=volume=v,target=/v\n")}`,
      );
      const refused = await host.run(["rkt", "pod", "apply", "e"]);
      assert.equal(refused.status, 254);
      assert.match(refused.stderr, /Cannot use volume "v" with idmap=true: others than root may enter the directories above "\/srv\/open"/);
    });

    await t.test("a file system that maps no ids is refused by name", async () => {
      await host.write(
        "/etc/rkt/pods.d/e.pod",
        `${POD}Volume=v,kind=host,source=/srv/closed/data,idmap=true\n${shellApp("main", WAIT, "Mount=volume=v,target=/v\n")}`,
      );
      assert.match((await host.run(["rkt", "pod", "apply", "e"])).stderr, /"\/srv\/closed\/data" lies on overlay, which maps no ids/);
      await host.sh("rm /etc/rkt/pods.d/e.pod");
    });

    await t.test("volumes of the pod's own, the journal and an address work as without", async () => {
      const memory = "Volume=memory,kind=tmpfs,uid=33,gid=34,mode=0700,size=1M\n";
      const lines = `Net=default\nSysctl=net.core.somaxconn=1234\nVolume=keep,kind=state,uid=33,mode=0700\nVolume=fresh,kind=empty\n${memory}`;
      const mounts = "Mount=volume=keep,target=/keep\nMount=volume=fresh,target=/fresh\nMount=volume=memory,target=/memory\nUser=www\n";
      await applyPod(
        host,
        "f",
        `${POD}${lines}${shellApp("main", `echo kept > /keep/file; ls -ldn /keep /fresh /memory; echo kept > /memory/file; df -k /memory; cat /proc/sys/net/core/somaxconn; ip -4 -o address; ${WAIT}`, mounts)}`,
      );
      await started(host, "f");
      const text = (await linesOf(host, await uuidOf(host, "f"), "main")).join("\n");
      assert.match(text, /^drwx------ .* 33 .* \/keep$/m);
      assert.match(text, /^drwxr-xr-x .* 0 .* \/fresh$/m);
      assert.match(text, /^drwx------ +\d+ 33 +34 .* \/memory$/m);
      assert.match(text, /^tmpfs +1024 .* \/memory$/m);
      assert.match(text, /^1234$/m);
      assert.match(text, /172\.16\.28\./);
      assert.equal(await owner(host, "/var/lib/rkt/volumes/f/keep/file"), "33:34 644");
      assert.match(await host.sh("rkt logs f --app=main"), /up$/m);
      assert.match(await host.sh("machinectl list --no-legend"), new RegExp(await uuidOf(host, "f")));
      await host.sh("systemctl stop rkt-pod@f");
    });

    await t.test("a removed pod gives its range back", async () => {
      const uuid = await uuidOf(host, "f");
      const held = () => host.sh("cat /var/lib/rkt/users/* || :");
      assert.match(await held(), new RegExp(uuid));
      await host.sh("rm /etc/rkt/pods.d/f.pod; rkt pod rm f");
      assert.doesNotMatch(await held(), new RegExp(uuid));
    });

    await t.test("with its trees copied, too", async () => {
      const image = "--insecure-options=image /root/images/box.aci";
      const run = (flags: string) =>
        host.sh(`rkt run ${flags} --net=none ${image} --exec=/bin/sh -- -c 'grep " / " /proc/mounts; id -u; touch /new'`);
      assert.doesNotMatch(await run("--no-overlay"), /overlay/);
      assert.doesNotMatch(await run("--private-users --no-overlay"), /overlay/);
      assert.match(await run("--private-users"), /overlay/);
    });
  });
});
