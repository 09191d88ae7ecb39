import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";

forEachSuite((suite) => {
  let host: TestHost;

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    await makeImage(host, { name: "base", files: { "etc/both": "base", "etc/below": "base" }, app: { exec: ["/bin/true"] } });
    // The upper image names the lower one, and hides one of its files.
    await makeImage(host, {
      name: "upper",
      files: { "etc/both": "upper", "srv/hidden": "x" },
      prepare: "chown 12:34 srv/hidden; chmod 4711 srv/hidden; ln srv/hidden srv/twin; ln -s /etc/passwd srv/link; rm -r bin",
      app: { exec: ["/bin/true"] },
    });
    await host.sh(`cd /root/images/upper
      sed -i 's|"acKind"|"dependencies":[{"imageName":"example.com/base"}],"acKind"|' manifest
      tar --numeric-owner --owner=0 --group=0 -cf ../upper.aci manifest; tar --numeric-owner -rf ../upper.aci rootfs
      rm ../upper.aci.asc; gpg --quiet --batch --armor --detach-sign --output ../upper.aci.asc ../upper.aci
      rkt fetch /root/images/base.aci /root/images/upper.aci`);
  });
  after(() => host.end());

  const rkt = (...words: string[]): Promise<Result> => host.run(["rkt", ...words]);

  test("extract writes one image, with owners, modes and links; render what an app sees", async () => {
    assert.deepEqual((await rkt("image", "extract", "example.com/upper", "/srv/one")).stderr, "");
    assert.equal(
      await host.sh("cd /srv/one; echo *; find rootfs -type f | sort"),
      "manifest rootfs\nrootfs/etc/both\nrootfs/srv/hidden\nrootfs/srv/twin\n",
    );
    assert.equal(await host.sh("cd /srv/one/rootfs/srv; stat -c '%u %g %a %h' hidden; readlink link"), "12 34 4711 2\n/etc/passwd\n");
    assert.match(await host.sh("cat /srv/one/manifest"), /"name":"example.com\/upper"/);
    assert.equal((await rkt("image", "render", "--rootfs-only", "example.com/upper", "/srv/whole")).status, 0);
    assert.equal(
      await host.sh("cd /srv/whole; cat etc/both etc/below; stat -c %a srv/hidden; chroot . /bin/sh -c 'echo runs'"),
      "upperbase4711\nruns\n",
    );
  });

  test("an existing directory is replaced only when that is asked for, and / never; nothing is left of a refusal", async () => {
    const before = await host.sh("find /srv/one | sort");
    const refused = await rkt("image", "render", "example.com/upper", "/srv/one");
    assert.equal(refused.status, 254);
    assert.match(refused.stderr, /Cannot write image "example\.com\/upper" to "\/srv\/one": it exists[^]*--overwrite/);
    assert.match(
      (await rkt("image", "extract", "--overwrite", "example.com/base", "/")).stderr,
      /to "\/": that is this machine's own root/,
    );
    assert.match((await rkt("image", "extract", "example.com/base", "/srv/none/x")).stderr, /Cannot write image [^]*ENOENT/);
    assert.equal(await host.sh("find /srv/one | sort"), before);
    assert.equal((await rkt("image", "extract", "--overwrite", "example.com/base", "/srv/one")).status, 0);
    assert.equal(
      await host.sh("cat /srv/one/rootfs/etc/both; ls -d /srv/one/rootfs/srv 2>/dev/null || :; ls -A /srv | grep '^[.]' || :"),
      "base",
    );
  });

  test("image gc keeps what pods need and what was used lately, and takes the rest", async () => {
    await applyPod(host, "user", "[Pod]\nNet=none\n[App main]\nImage=example.com/upper\nExec=/bin/true\n");
    await makeImage(host, { name: "unused", app: { exec: ["/bin/true"] } });
    const id = (await rkt("fetch", "--full", "/root/images/unused.aci")).stdout.trim();
    const pod = (await rkt("prepare", "--quiet", "example.com/unused")).stdout.trim();
    assert.equal((await rkt("rm", pod)).status, 0);
    const names = async (): Promise<string> => host.sh("rkt image list --no-legend --fields=name | sort; ls /var/lib/rkt/cas/tree | wc -l");
    assert.equal(await names(), "example.com/base:1\nexample.com/unused:1\nexample.com/upper:1\n3\n");
    const young = await rkt("image", "gc");
    assert.deepEqual([young.status, young.stdout], [0, ""]);
    assert.equal(
      await names(),
      "example.com/base:1\nexample.com/unused:1\nexample.com/upper:1\n2\n",
      "only the tree that no pod mounts goes",
    );
    const all = await rkt("image", "gc", "--grace-period=0s");
    assert.deepEqual([all.status, all.stdout], [0, `successfully removed aci for image: "${id}"\n`]);
    assert.match(all.stderr, /1 image\(s\) successfully removed/);
    assert.equal(await names(), "example.com/base:1\nexample.com/upper:1\n2\n");
    await host.sh("systemctl start rkt-pod@user");
    assert.equal((await rkt("image", "gc", "--grace-period=soon")).status, 254);
  });
});
