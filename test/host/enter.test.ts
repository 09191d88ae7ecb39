import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";
import { openTerminal, typeInto } from "../lib/terminal.ts";
import { waitFor } from "../lib/wait-for.ts";

const USERS = "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n";
const GROUPS = "root:x:0:\nwww:x:33:\nmore:x:2001:www\nother:x:2002:root\n";
/** Tells, as whoever runs it, everything that limits it. `exec` has no effect on any of it. */
const LIMITS = `grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status; cat /proc/self/cgroup | grep ^0:
  for ns in cgroup ipc net pid user uts; do readlink /proc/self/ns/$ns; done
  awk '{print $1, $2, $3, $6}' /proc/self/mounts; ls -id / /tmp; pwd; ulimit -a; cat /proc/self/oom_score_adj
  for path in /proc/sys/kernel/domainname /proc/sysrq-trigger /sys/kernel/uevent_helper /proc/bus/nothing; do (: >>$path) 2>&1; done
  ls /sys/firmware /sys/module /proc/kcore 2>&1; wc -c </proc/kallsyms; mknod /tmp/node b 8 0 2>&1; mount -t tmpfs none /tmp 2>&1; chroot / true 2>&1; unshare -U true 2>&1
  true`;

const PODS_UNITS = "/sys/fs/cgroup/machine.slice/rkt-pod@one.service/payload/system.slice";
const FROZEN = `grep -l 1 ${PODS_UNITS}/rkt_enter*/cgroup.freeze 2>/dev/null`;
/** As soon as there is a control group for the command, which is frozen. */
const KILL_WHILE_STARTING = `/usr/lib/rkt/bin/node /usr/lib/rkt/cli/rkt.cjs enter one sleep 0.4 & pid=$!
  while kill -0 $pid 2>/dev/null; do set -- ${PODS_UNITS}/rkt_enter*; [ ! -e "$1" ] || break; done; kill -9 $pid; ! wait $pid 2>/dev/null`;

const SEVERAL = `[Pod]
Net=none
[App a]
Image=/root/images/limits.aci
[App a-b]
Image=/root/images/limits.aci
User=1000
Group=1000
CapabilityRetain=CAP_CHOWN
NoNewPrivileges=yes
`;

function enter(host: TestHost, argv: readonly string[], input?: string | Uint8Array): Promise<Result> {
  return host.run(["rkt", "enter", ...argv], input === undefined ? {} : { input });
}

/** What the app's main process and an entered one say of themselves. */
async function compare(host: TestHost, app: string): Promise<{ readonly own: string; readonly entered: string }> {
  const own = await waitFor(async () => (await enter(host, [`--app=${app}`, "several", "cat", "/tmp/limits"])).stdout || undefined, {
    what: "the app's limits",
  });
  const { status, stdout, stderr } = await enter(host, [`--app=${app}`, "several", "sh", "/limits.sh"]);
  assert.equal(status, 0, stderr);
  return { own, entered: stdout };
}

function linesOf(text: string, pattern: RegExp): string[] {
  return text.split("\n").filter((line) => pattern.test(line));
}

forEachSuite((suite) => {
  test("enter runs inside all limits of the app", { timeout: 240_000 }, async (t) => {
    await using host = await bootHost({ suite });
    await trustPublisher(host);
    const files = { "etc/passwd": USERS, "etc/group": GROUPS, "limits.sh": LIMITS };
    await makeImage(host, {
      name: "limits",
      files,
      app: { exec: ["/bin/sh", "-c", "sh /limits.sh >/tmp/new; mv /tmp/new /tmp/limits; exec sleep infinity"] },
    });
    await applyPod(host, "several", SEVERAL);
    await host.sh("systemctl start rkt-pod@several");

    for (const app of ["a", "a-b"]) {
      const { own, entered } = await compare(host, app);
      await t.test(`CVE-2019-10144: enter has no more capabilities than the app (${app})`, () => {
        const about = /^(Cap|NoNewPrivs|Uid|Gid|Groups)/;
        assert.equal(linesOf(own, about).length, 9, own);
        assert.deepEqual(linesOf(entered, about), linesOf(own, about));
        if (app === "a-b") assert.deepEqual(linesOf(entered, /^(CapBnd|NoNewPrivs)/), ["CapBnd:\t0000000000000001", "NoNewPrivs:\t1"]);
      });
      await t.test(`CVE-2019-10145: enter is under the app's seccomp filter (${app})`, () => {
        assert.deepEqual(linesOf(own, /^Seccomp:/), ["Seccomp:\t2"]);
        assert.deepEqual(linesOf(entered, /^Seccomp/), linesOf(own, /^Seccomp/));
      });
      await t.test(`CVE-2019-10147: enter is inside the app's cgroup (${app})`, async () => {
        assert.deepEqual(linesOf(own, /^0::/), [`0::/system.slice/${app}.service`]);
        assert.deepEqual(linesOf(entered, /^0::/), linesOf(own, /^0::/));
        // The very first thing that it does, several times.
        for (let round = 0; round < 5; round += 1) {
          const { stdout } = await enter(host, [`--app=${app}`, "several", "cat", "/proc/self/cgroup"]);
          assert.deepEqual(linesOf(stdout, /^0::/), [`0::/system.slice/${app}.service`]);
        }
        assert.equal(await host.sh("find /sys/fs/cgroup -name 'rkt_enter*'"), "");
      });
      await t.test(`enter sees the app's files, namespaces and masks (${app})`, () => assert.equal(entered, own));
    }

    await t.test("a program that is started by an entered one stays in the app's cgroup, and ends with the app", async () => {
      assert.equal((await enter(host, ["--app=a", "several", "sh", "-c", "sleep 4321 >/dev/null 2>&1 & echo"])).status, 0);
      const pid = (await host.sh("pgrep -f '^sleep 4321'")).trim();
      assert.match(await host.sh(`cat /proc/${pid}/cgroup`), /\/rkt-pod@several\.service\/payload\/system\.slice\/a\.service\n/);
      await host.sh("systemctl stop rkt-pod@several");
      assert.equal((await host.run(["pgrep", "-f", "^sleep 4321"])).status, 1);
    });
  });

  test("enter: streams, statuses, users and terminals", { timeout: 240_000 }, async (t) => {
    await using host = await bootHost({ suite });
    await trustPublisher(host);
    await makeImage(host, {
      name: "box",
      files: { "etc/passwd": USERS, "etc/group": GROUPS },
      app: {
        exec: ["/bin/sleep", "infinity"],
        user: "33",
        group: "33",
        environment: [{ name: "COLOUR", value: "blue" }],
        workingDirectory: "/etc",
      },
    });
    await applyPod(host, "one", "[Pod]\nNet=none\n[App one]\nImage=/root/images/box.aci\n");
    await applyPod(host, "two", "[Pod]\nNet=none\n[App left]\nImage=/root/images/box.aci\n[App right]\nImage=/root/images/box.aci\n");
    await makeImage(host, {
      name: "bare",
      prepare: "mv bin/busybox bin/true; ls bin | grep -v '^true$' | sed 's,^,bin/,' | xargs rm; ln bin/true bin/sleep",
      app: { exec: ["/bin/sleep", "infinity"] },
    });
    await applyPod(host, "bare", "[Pod]\nNet=none\n[App bare]\nImage=/root/images/bare.aci\n");
    await host.sh("systemctl start rkt-pod@one rkt-pod@two rkt-pod@bare");

    await t.test("its exit status is the command's", async () => {
      assert.equal((await enter(host, ["one", "sh", "-c", "exit 7"])).status, 7);
      assert.equal((await enter(host, ["one", "/bin/true"])).status, 0);
      assert.equal((await enter(host, ["one", "sh", "-c", "kill -9 $$"])).status, 137);
    });
    await t.test("streams are handed over as they are", async () => {
      const bytes = randomBytes(3_000_000);
      await host.write("/root/bytes", bytes);
      await host.sh(
        "rkt enter one cat </root/bytes | cmp - /root/bytes; cat /root/bytes | rkt enter one cat >/root/copy; cmp /root/bytes /root/copy",
      );
      await host.sh("cat /root/bytes | rkt enter one sh -c 'cat >&2' 2>&1 >/dev/null | cmp - /root/bytes");
      const both = await enter(host, ["one", "sh", "-c", "echo out; echo err >&2"]);
      assert.deepEqual([both.stdout, both.stderr], ["out\n", "err\n"]);
      assert.equal((await host.run(["sh", "-c", "rkt enter one yes | head -n 1"])).stdout, "y\n");
    });
    await t.test("it runs as the app, or as another user of its image", async () => {
      const app = await enter(host, ["one", "sh", "-c", "id -u; id -g; pwd; echo $COLOUR $AC_APP_NAME"]);
      assert.equal(app.stdout, "33\n33\n/etc\nblue one\n");
      for (const user of ["0", "root"]) assert.equal((await enter(host, [`--user=${user}`, "one", "id", "-u"])).stdout, "0\n");
      assert.equal((await enter(host, ["--user=www", "one", "id", "-un"])).stdout, "www\n");
      assert.equal((await enter(host, ["--user=www", "one", "id", "-G"])).stdout, "33 2001\n", "as an app with User=www");
      assert.equal((await enter(host, ["--user=33", "one", "id", "-G"])).stdout, "33\n", "as an app with User=33");
      for (const user of ["nobody", "4711"]) {
        const refused = await enter(host, [`--user=${user}`, "one", "id"]);
        assert.equal(refused.status, 254);
        assert.match(refused.stderr, /^enter: .*\/etc\/passwd does not have it\n/);
      }
    });
    await t.test("an app is chosen where there are several", async () => {
      const several = await enter(host, ["two", "true"]);
      assert.equal(several.status, 254);
      assert.match(several.stderr, /^enter: Cannot enter pod "two": pod contains multiple apps: left, right\n/);
      assert.equal((await enter(host, ["--app=right", "two", "sh", "-c", "echo $AC_APP_NAME"])).stdout, "right\n");
      assert.match((await enter(host, ["--app=none", "two", "true"])).stderr, /the pod has no app "none"/);
    });
    await t.test("what cannot be run is said in a sentence", async () => {
      for (const program of ["nothing-of-this-name", "/etc/passwd"]) {
        const missing = await enter(host, ["one", program]);
        assert.deepEqual([missing.status, missing.stdout], [254, ""]);
        assert.equal(missing.stderr, `enter: Cannot run "${program}" in "one.service": the program cannot be executed\n`);
      }
      assert.match((await enter(host, ["none", "true"])).stderr, /^enter: Cannot find pod "none"/);
      await host.sh("useradd nobody-special");
      const other = await host.run(["setpriv", "--reuid=nobody-special", "--clear-groups", "rkt", "enter", "one", "true"]);
      assert.deepEqual([other.status, other.stderr], [254, "enter: cannot run as unprivileged user\n"]);
    });
    await t.test("without a command it is the app's shell", async () => {
      const shell = await enter(host, ["one"], "echo from $0; exit 3\n");
      assert.deepEqual([shell.status, shell.stdout], [3, "from /bin/sh\n"]);
      assert.match(shell.stderr, /no command specified, assuming "\/bin\/sh"/);
      assert.match(
        (await enter(host, ["bare"])).stderr,
        /^enter: Cannot enter the app: no command was given, and its image has no shell\n/,
      );
      assert.equal((await enter(host, ["bare", "true"])).status, 0);
    });
    await t.test("a terminal: prompt, size of the window, Ctrl-C, exit status", async () => {
      const session = await typeInto(host, "stty rows 33 cols 77; rkt enter one; echo status=$?; stty -a", [
        [/\/etc \$ /, "stty size; tty\n"],
        [/33 77\r\n\/dev\/pts\/\d+\r\n\/etc \$ /, "echo read''y; sleep 1000\n"],
        // The line editor is over: from here on Ctrl-C is a signal.
        [/\r\nready\r\n/, "\x03"],
        [/\/etc \$ /, "echo alive $((6*7)); exit 5\n"],
      ]);
      assert.match(session.stdout, /alive 42\r\n/);
      assert.match(session.stdout, /status=5\r\n/);
      assert.match(session.stdout.slice(session.stdout.indexOf("status=5")), / echo /, "the terminal is as it was");
      const mixed = await typeInto(host, "rkt enter one sh -c 'test -t 0 && echo tty; cat' </dev/null; echo status=$?", []);
      assert.match(mixed.stdout, /^status=0\r\n/, "a command without a terminal for its input gets none");
    });
    await t.test("a terminal: its window changes, job control, and it is lost", async () => {
      const terminal = openTerminal(
        host,
        "stty rows 33 cols 77; (sleep 2; stty rows 44 cols 99 </dev/tty) & rkt enter one sh; echo status=$?",
      );
      await terminal.expect(/\$ /);
      terminal.type("echo $TERM; sh -c 'trap \"stty size\" WINCH; while :; do sleep 0.1; done'\n");
      await terminal.expect(/xterm\r\n/);
      await terminal.expect(/44 99\r\n/);
      terminal.type("\x03");
      await terminal.expect(/\$ /);
      terminal.type("sleep 7654\n");
      await waitFor(async () => ((await host.run(["pgrep", "-f", "^sleep 7654"])).status === 0 ? true : undefined), { what: "sleep" });
      terminal.type("\x1a");
      await terminal.expect(/Stopped[^\n]*\n.*\$ /s);
      await host.sh("kill -KILL $(pgrep -x script)");
      await terminal.ended();
      await waitFor(async () => ((await host.run(["pgrep", "-f", "^sleep 7654"])).status === 1 ? true : undefined), {
        what: "the end of what was entered",
      });
    });
    await t.test("a signal to rkt ends the command", async () => {
      for (const signal of ["TERM", "HUP"]) {
        const script = `rkt enter one sleep 5432 & until pgrep -f '^sleep 5432' >/dev/null; do :; done; kill -${signal} $!; wait $!`;
        const number = signal === "TERM" ? 15 : 1;
        assert.equal((await host.run(["sh", "-c", script])).status, 128 + number);
        await waitFor(async () => ((await host.run(["pgrep", "-f", "^sleep 5432"])).status === 1 ? true : undefined), {
          what: "the end of sleep",
        });
      }
    });
    await t.test("a rkt that is killed while a command starts leaves nothing frozen", async () => {
      for (let round = 0; round < 5; round += 1) {
        await host.sh(KILL_WHILE_STARTING);
        await waitFor(async () => ((await host.run(["sh", "-c", FROZEN])).stdout === "" ? true : undefined), { what: "the thaw" });
        assert.equal((await enter(host, ["one", "true"])).status, 0, "the pod's PID 1 answers");
      }
    });
    await t.test("when the app ends, so does what entered it", async () => {
      const inside = enter(host, ["--app=left", "two", "sleep", "6543"]);
      await waitFor(async () => ((await host.run(["pgrep", "-f", "^sleep 6543"])).status === 0 ? true : undefined), {
        what: "the command",
      });
      await host.sh("systemctl stop rkt-pod@two");
      const { status, stderr } = await inside;
      assert.ok(status === 137 || status === 143 || (status === 254 && /the pod has ended/.test(stderr)), `${status} ${stderr}`);
      const late = await enter(host, ["--app=left", "two", "true"]);
      assert.deepEqual([late.status, late.stderr.split("\n")[0]], [254, 'enter: Cannot enter pod "two": it does not run']);
    });
  });
});
