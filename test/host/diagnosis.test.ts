import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, shellApp, statusOf, systemctl } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod } from "../lib/pod-host.ts";

const app = (exec: string, more = ""): string =>
  `${BOX_POD}Net=none\nJob=yes\n[App main]\nImage=/root/images/box.aci\nExec=${exec}\n${more}`;

/** Exec= or script of the app, what status says, and whether the image tells beforehand. */
const faults = [
  [
    "script",
    "/opt/script",
    203,
    /"\/opt\/script" needs "\/usr\/bin\/python3", the interpreter in its first line, which the image does not have/,
    true,
  ],
  ["text", "/opt/text", 203, /"\/opt\/text" is neither a program \(ELF\) nor a script/, true],
  ["loader", "/opt/loader", 203, /"\/opt\/loader" needs "\/lib\/ld-none\.so", its dynamic loader/, true],
  ["foreign", "/opt/foreign", 203, /"\/opt\/foreign" is a program for s390x, not for this machine/, true],
  ["forbidden", "/opt/private", 203, /the app's user may not execute it/, false],
  ["sys", "/bin/sh -c 'kill -SYS $$'", 159, /killed by SIGSYS: it made a system call that its filter forbids/, false],
  ["killed", "/bin/sh -c 'kill -KILL $$'", 137, /killed by SIGKILL/, false],
  ["crash", "/bin/sh -c 'kill -SEGV $$'", 139, /(killed|crashed) by SIGSEGV/, false],
] as const;

/** 64-bit programs, as far as the kernel looks before it refuses them. */
const prepare = `
mkdir opt
printf '#!/usr/bin/python3\\nprint(1)\\n' >opt/script
echo 'echo hello' >opt/text
cp bin/busybox opt/foreign; printf '\\026' | dd of=opt/foreign bs=1 seek=18 conv=notrunc status=none
cp bin/busybox opt/private
{ printf '\\177ELF\\2\\1\\1'; head -c 9 /dev/zero; printf '\\2\\0\\076\\0\\1\\0\\0\\0'; head -c 8 /dev/zero; printf '\\100\\0\\0\\0\\0\\0\\0\\0'; head -c 14 /dev/zero
  printf '\\070\\0\\1\\0'; head -c 6 /dev/zero
  printf '\\3\\0\\0\\0\\4\\0\\0\\0'; printf '\\170\\0\\0\\0\\0\\0\\0\\0'; head -c 16 /dev/zero; printf '\\020\\0\\0\\0\\0\\0\\0\\0\\020\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0'
  printf '/lib/ld-none.so\\0\\0'; } >opt/loader
chmod 755 opt/*; chmod 700 opt/private`;

forEachSuite((suite) => {
  test("why an app did not start, or was ended", async (t) => {
    await using host = await bootWithBox(suite, { prepare });

    for (const [name, exec, status, reason, foreseen] of faults) {
      await t.test(`${name}: in status, in JSON, in the unit's journal${foreseen ? ", and at apply" : ""}`, async () => {
        await host.write(`/etc/rkt/pods.d/${name}.pod`, app(exec, name === "forbidden" ? "User=www\n" : ""));
        const applied = await host.run(["rkt", "pod", "apply", name]);
        assert.equal(applied.status, 0);
        if (foreseen) assert.match(applied.stderr, reason);
        else assert.doesNotMatch(applied.stderr, /will not start/);
        assert.notEqual((await systemctl(host, "start", name)).status, 0);
        const told = await statusOf(host, name);
        assert.equal(told.get("app-main"), String(status));
        assert.match(told.get("app-main-reason") ?? "", reason);
        const [pod] = [JSON.parse(await host.sh(`rkt status --format=json ${name}`))] as [{ apps: { reason?: string }[] }];
        assert.match(pod.apps[0]?.reason ?? "", reason);
        const journal = await host.sh(`journalctl --quiet --output=cat -u rkt-pod@${name}`);
        assert.match(journal, new RegExp(`App "main" failed \\(.*\\): "rkt status ${name}" says why`));
      });
    }

    await t.test("an app's own exit status, and a stop, need no reason", async () => {
      await applyPod(host, "own", `${BOX_POD}Net=none\n${shellApp("main", "exit 3")}`);
      await applyPod(host, "stopped", `${BOX_POD}Net=none\n${shellApp("main", "sleep 1000")}`);
      await host.sh(
        "systemctl start rkt-pod@own || :; rkt status --wait own; systemctl start rkt-pod@stopped; systemctl stop rkt-pod@stopped",
      );
      const own = await statusOf(host, "own");
      assert.deepEqual([own.get("app-main"), own.get("app-main-reason")], ["3", undefined]);
      assert.equal((await statusOf(host, "stopped")).get("app-main-reason"), undefined);
      assert.doesNotMatch(await host.sh("journalctl --quiet --output=cat -u rkt-pod@own -u rkt-pod@stopped"), /says why/);
    });

    await t.test("rkt run says it on the terminal", async () => {
      const foreseen = await host.run(["rkt", "run", "--net=none", "/root/images/box.aci", "--exec=/opt/script"]);
      assert.equal(foreseen.status, 203);
      assert.match(foreseen.stderr, /run: App "box" will not start: "\/opt\/script" needs "\/usr\/bin\/python3"/);
      const killed = await host.run(["rkt", "run", "--net=none", "/root/images/box.aci", "--exec=/bin/sh", "--", "-c", "kill -SYS $$"]);
      assert.equal(killed.status, 255);
      const [, uuid = ""] = /^run: App "box" failed \(.* SYS .*\): "rkt status (.*)" says why$/m.exec(killed.stderr) ?? [];
      assert.match((await statusOf(host, uuid)).get("app-box-reason") ?? "", /SIGSYS/);
      const own = await host.run(["rkt", "run", "--net=none", "/root/images/box.aci", "--exec=/bin/sh", "--", "-c", "exit 3"]);
      assert.deepEqual([own.status, own.stderr], [3, ""]);
    });
  });
});
