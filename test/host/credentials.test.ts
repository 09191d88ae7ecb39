import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, linesOf, property, shellApp, systemctl } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod, uuidOf } from "../lib/pod-host.ts";

const SHOW = 'cd "$CREDENTIALS_DIRECTORY"; for name in *; do echo "$name=$(cat $name) $(id -u)"; done';

forEachSuite((suite) => {
  test("credentials of a pod's unit reach the apps", async (t) => {
    await using host = await bootWithBox(suite);
    await host.sh("umask 077; echo -n hush >/root/key; mkdir /root/more; echo -n one >/root/more/a");

    for (const users of ["no", "yes"]) {
      await t.test(`those that an app names, and no other, with PrivateUsers=${users}`, async () => {
        await applyPod(
          host,
          `named-${users}`,
          `${BOX_POD}Net=none\nJob=yes\nPrivateUsers=${users}\n[Service]\nLoadCredential=key:/root/key\nSetCredential=word:plain\nLoadCredential=more:/root/more\n` +
            shellApp("first", SHOW, "User=www\nCredential=key more_a") +
            shellApp("second", SHOW, "Credential=word") +
            shellApp("third", "echo none: $CREDENTIALS_DIRECTORY; ls /run/credentials /rkt 2>&1 | head"),
        );
        const uuid = await uuidOf(host, `named-${users}`);
        assert.equal((await systemctl(host, "start", `named-${users}`)).status, 0);
        assert.deepEqual(await linesOf(host, uuid, "first"), ["key=hush 33", "more_a=one 33"]);
        assert.deepEqual(await linesOf(host, uuid, "second"), ["word=plain 0"]);
        assert.doesNotMatch((await linesOf(host, uuid, "third")).join("\n"), /hush|key|@system/);
      });
    }

    await t.test("a start that fails for want of one shows nothing of the run before it", async () => {
      await host.sh("install -m 0600 /root/key /root/gone");
      await applyPod(
        host,
        "wanting",
        `${BOX_POD}Net=none\nJob=yes\n[Service]\nLoadCredential=key:/root/gone\n${shellApp("main", "exit 5", "Credential=key")}`,
      );
      assert.notEqual((await systemctl(host, "start", "wanting")).status, 0);
      assert.match(await host.sh("rkt status wanting"), /^app-main=5$/m);
      await host.sh("rm /root/gone");
      assert.notEqual((await systemctl(host, "start", "wanting")).status, 0);
      assert.equal(await property(host, "wanting", "ExecMainStatus"), "243");
      const status = await host.sh("rkt status wanting");
      assert.match(status, /^result=exit-code$/m);
      assert.doesNotMatch(status, /^app-main=\d/m);
    });

    await t.test("a name that the unit has not is refused with file and line", async () => {
      await host.write("/etc/rkt/pods.d/without.pod", `[Pod]\nNet=none\n[App main]\n${BOX_APP.split("\n")[0]}\nCredential=nokey\n`);
      const refused = await host.run(["rkt", "pod", "verify", "without"]);
      assert.equal(refused.status, 254);
      assert.match(refused.stderr, /without\.pod:5: The pod has no credential "nokey"[^]*LoadCredential=nokey:/);
    });

    await t.test("those of a unit whose main process is rkt run", async () => {
      const exec = ["rkt", "run", "--net=none", "/root/images/box.aci", "--exec=/bin/sh", "--", "-c", SHOW];
      const ran = await host.run([
        "systemd-run",
        "--pipe",
        "--wait",
        "--quiet",
        "-pLoadCredential=key:/root/key",
        "-pSetCredential=word:plain",
        ...exec,
      ]);
      assert.deepEqual([ran.status, ran.stderr], [0, ""]);
      const uuid = (await host.sh("rkt list --format=json")).match(/"name":"([0-9a-f-]{36})"(?:(?!"name").)*"run-/)?.[1] ?? "";
      assert.deepEqual(await linesOf(host, uuid, "box"), ["key=hush 0", "word=plain 0"]);
    });
  });
});
