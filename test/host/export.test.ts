import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod } from "../lib/pod-host.ts";

/** Removes, replaces, adds; a directory that is made anew hides what the image has in it. */
const CHANGE =
  "rm /etc/gone /etc/dir/a; rm -r /srv/opaque; mkdir /srv/opaque; echo new >/srv/opaque/new; echo two >/etc/changed; " +
  "echo x >/srv/own; chown 33:34 /srv/own; chmod 4750 /srv/own; ln /srv/own /srv/twin; ln -s /etc/shadow /srv/link; echo v >/out/volume";

const LIST =
  "cd $1/rootfs; ls etc/gone etc/dir srv/opaque 2>/dev/null || :; cat etc/changed; stat -c '%u %g %a %h' srv/own; readlink srv/link; ls out 2>/dev/null || :";
const WANTED = "etc/dir:\nb\n\nsrv/opaque:\nnew\ntwo\n33 34 4750 2\n/etc/shadow\n";

forEachSuite((suite) => {
  test("export writes what an app made of its image", async (t) => {
    await using host = await bootWithBox(suite, {
      files: { "etc/gone": "1", "etc/changed": "one", "etc/dir/a": "a", "etc/dir/b": "b", "srv/opaque/old": "o" },
    });
    const unpack = async (file: string): Promise<string> =>
      host.sh(`rm -rf /srv/x; mkdir /srv/x; tar --numeric-owner -xzf ${file} -C /srv/x; set -- /srv/x; ${LIST}`);

    for (const flags of ["", "--no-overlay", "--private-users", "--private-users --no-overlay"]) {
      await t.test(`of an ad-hoc pod ${flags}`, async () => {
        await host.sh(`rkt run --uuid-file-save=/root/uuid --net=none --volume=out,kind=host,source=/srv/out ${flags} \\
          /root/images/box.aci --mount=volume=out,target=/out --exec=/bin/sh -- -c '${CHANGE.replace("; echo v >/out/volume", "")}' && rm -f /root/x.aci && rkt export $(cat /root/uuid) /root/x.aci`);
        assert.equal(await unpack("/root/x.aci"), WANTED);
      });
    }

    await t.test("of a named pod's last run, as an image that runs again", async () => {
      await applyPod(host, "named", `${BOX_POD}Net=none\nJob=yes\n${shellApp("first", CHANGE)}${shellApp("second", "true")}`);
      assert.match(
        (await host.run(["rkt", "export", "--app=first", "named", "/root/n.aci"])).stderr,
        /Cannot export pod "named": it is prepared/,
      );
      await host.sh("systemctl start rkt-pod@named");
      assert.match((await host.run(["rkt", "export", "named", "/root/n.aci"])).stderr, /it has 2 apps\n[^]*first, second/);
      await host.sh("rkt export --app=first named /root/n.aci");
      assert.equal(await unpack("/root/n.aci"), WANTED);
      assert.equal(await host.sh("cat /srv/out/volume; zcat /root/n.aci | tar -tf - | grep -c volume || :"), "v\n0\n");
      const out = await host.sh("rkt --insecure-options=image run --net=none /root/n.aci --exec=/bin/cat -- /etc/changed /srv/opaque/new");
      assert.equal(out, "two\nnew\n");
    });

    await t.test("nothing is overwritten unasked, nothing half-written, nothing of a pod that runs", async () => {
      await host.sh("echo mine >/root/mine.aci");
      assert.match((await host.run(["rkt", "export", "--app=first", "named", "/root/mine.aci"])).stderr, /"\/root\/mine\.aci": it exists/);
      assert.equal(await host.sh("cat /root/mine.aci"), "mine\n");
      await host.sh("rkt export --overwrite --app=first named /root/mine.aci; cmp /root/mine.aci /root/n.aci");
      assert.match((await host.run(["rkt", "export", "--app=first", "named", "/root/n.tar"])).stderr, /does not end with \.aci/);
      assert.match((await host.run(["rkt", "export", "--app=none", "named", "/root/o.aci"])).stderr, /it has no app "none"/);
      assert.equal((await host.run(["rkt", "export", "--app=first", "named", "/root/none/o.aci"])).status, 254);
      await applyPod(host, "runs", `${BOX_POD}Net=none\n${shellApp("main", "sleep 1000")}`);
      await host.sh("systemctl start rkt-pod@runs");
      assert.match((await host.run(["rkt", "export", "runs", "/root/r.aci"])).stderr, /Cannot export pod "runs": it is running/);
      assert.equal(await host.sh("ls -A /root | grep tmp || :; ls -A /var/lib/rkt/cas/tmp"), "");
    });
  });
});
