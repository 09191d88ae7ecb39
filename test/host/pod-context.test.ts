import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod } from "../lib/pod-host.ts";

const ENVIRONMENT = [
  { name: "FROM_IMAGE", value: "image" },
  { name: "FROM_UNIT", value: "image" },
  { name: "FROM_FILE", value: "image" },
];

const SHOW_IDS = 'echo "$(id -u) $(id -g) $(sed -n "s/^Groups:[[:space:]]*//p" /proc/self/status | xargs)" >/out/$AC_APP_NAME';

/** Arguments that a careless unit would change; written in systemd's quoting. */
const HOSTILE = [
  "",
  " ",
  "two words",
  "$HOME",
  "${HOME}",
  "$$",
  "%n",
  "%%",
  "100%",
  "'",
  '"',
  "a\\b",
  ";",
  "#",
  "-x",
  "é😀",
  "tab\there",
  "new\nline",
];

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
}

function splitZero(text: string): string[] {
  return text.split("\0").slice(0, -1);
}

forEachSuite((suite) => {
  test("an app runs in the context that image and pod file say", async (t) => {
    await using host = await bootWithBox(suite, {
      app: { exec: ["/bin/true"], environment: ENVIRONMENT, workingDirectory: "/srv/image" },
      prepare: "mkdir -p srv/image srv/www 'srv/a b%n$x' opt; mkdir -p run/own; echo image >run/own/file",
    });

    await t.test("what the image has in /run", async () => {
      await applyPod(
        host,
        "run",
        `${BOX_POD}Net=none\nJob=yes\n${shellApp("main", "cat /run/own/file >/out/run; echo new >/run/own/file")}`,
      );
      await host.sh("systemctl start rkt-pod@run");
      assert.equal(await host.read("/srv/out/run"), "image\n");
    });

    await t.test("user and groups, by number and by name", async () => {
      const apps = [
        shellApp("number", SHOW_IDS, "User=1234\nGroup=4321\nSupplementaryGroups=7 2001"),
        shellApp("name", SHOW_IDS, "User=www\nGroup=www\nSupplementaryGroups=extra 7"),
        shellApp("primary", SHOW_IDS, "User=www"),
        shellApp("mixed", SHOW_IDS, "User=0\nGroup=extra"),
        shellApp("image", SHOW_IDS),
      ];
      await applyPod(host, "users", `${BOX_POD}Net=none\nJob=yes\n${apps.join("")}`);
      await host.sh("systemctl start rkt-pod@users");
      const seen = await host.sh("cd /srv/out; for app in number name primary mixed image; do cat $app; done");
      assert.equal(seen, "1234 4321 7 2001 4321\n33 34 7 34 2000\n33 34 34\n0 2000 2000\n0 0 \n");
    });

    await t.test("an unknown user is refused by apply with the line of the file", async () => {
      await host.write("/etc/rkt/pods.d/nobody.pod", `${BOX_POD}Net=none\n${shellApp("main", ":", "User=stranger")}`);
      const refused = await host.run(["rkt", "pod", "apply", "nobody"]);
      assert.notEqual(refused.status, 0);
      assert.match(refused.stderr, /nobody\.pod:\d+: Cannot run app "main": user "stranger" is not known/);
      await host.sh("rm /etc/rkt/pods.d/nobody.pod");
    });

    await t.test("the environment is the image's, then Environment=, then EnvironmentFile=, and nothing of systemd's", async () => {
      await host.write("/etc/box.env", `FROM_FILE="the file"\n# comment\nQUOTED='%n $HOME'\n`);
      const values = HOSTILE.map((value, index) => `Environment=${quote(`HOSTILE${index}=${value}`)}`).join("\n");
      await applyPod(
        host,
        "environment",
        `${BOX_POD}Net=none\nJob=yes\n[App main]\n${BOX_APP}Exec=/bin/cp /proc/self/environ /out/environ\nUser=www\n` +
          `Environment=FROM_UNIT=unit FROM_FILE=unit container=lie\n${values}\nEnvironmentFile=/etc/box.env\nEnvironmentFile=-/etc/missing.env\n`,
      );
      await host.sh("systemctl start rkt-pod@environment");
      const pairs = splitZero(await host.read("/srv/out/environ")).map((line) => [
        line.slice(0, line.indexOf("=")),
        line.slice(line.indexOf("=") + 1),
      ]);
      assert.deepEqual(Object.fromEntries(pairs), {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/srv/www",
        USER: "www",
        LOGNAME: "www",
        SHELL: "/bin/ash",
        AC_APP_NAME: "main",
        container: "rkt",
        FROM_IMAGE: "image",
        FROM_UNIT: "unit",
        FROM_FILE: "the file",
        QUOTED: "%n $HOME",
        ...Object.fromEntries(HOSTILE.map((value, index) => [`HOSTILE${index}`, value])),
      });
    });

    await t.test("arguments, variables and paths arrive exactly", async () => {
      const script = 'printf "%s\\\\0" "$@" >/out/arguments; pwd >/out/directory; ls /srv/b* >/out/mounted';
      const directory = "/srv/a b%n$x";
      await applyPod(
        host,
        "hostile",
        `${BOX_POD}Volume=other,kind=empty\nNet=none\nJob=yes\n[App main]\n${BOX_APP}Mount=volume=other,target=/srv/b c%n:$x\n` +
          `WorkingDirectory=${directory}\nExec=/bin/sh -c ${quote(script.replaceAll("\\\\", "\\"))} sh ${HOSTILE.map(quote).join(" ")}\n`,
      );
      await host.sh("systemctl start rkt-pod@hostile");
      assert.deepEqual(splitZero(await host.read("/srv/out/arguments")), HOSTILE);
      assert.equal(await host.read("/srv/out/directory"), `${directory}\n`);
    });

    await t.test("the working directory is the image's where the pod file has none", async () => {
      await applyPod(host, "directory", `${BOX_POD}Net=none\nJob=yes\n${shellApp("main", "pwd >/out/directory")}`);
      await host.sh("systemctl start rkt-pod@directory");
      assert.equal(await host.read("/srv/out/directory"), "/srv/image\n");
    });

    await t.test("signals, descriptors and mask are as a program expects them", async () => {
      const script = 'grep -E "^(SigBlk|SigIgn|Umask)" /proc/self/status >/out/expected; ls /proc/self/fd >>/out/expected';
      const expected = "Umask:\t0022\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n0\n1\n2\n3\n";
      for (const output of ["journal", "pipe"]) {
        await applyPod(host, "expected", `${BOX_POD}Net=none\nJob=yes\n${shellApp("main", script, `Output=${output}`)}`);
        await host.sh("systemctl start rkt-pod@expected");
        assert.equal(await host.read("/srv/out/expected"), expected);
      }
    });

    await t.test("Args= follows the image's program, Exec= replaces it", async () => {
      await applyPod(host, "arguments", `${BOX_POD}Net=none\nJob=yes\n[App main]\n${BOX_APP}Args=a b\n`);
      assert.match(await host.sh("rkt cat-manifest arguments"), /"exec":\s*\[\s*"\/bin\/true",\s*"a",\s*"b"\s*\]/);
      await host.sh("systemctl start rkt-pod@arguments");
    });
  });
});
