import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, bootWithBox, property, shellApp, systemctl } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, compileStatic, makeImage, uuidOf } from "../lib/pod-host.ts";
import { connect, SOCKET_APP } from "../lib/socket-app.ts";
import { openTerminal } from "../lib/terminal.ts";
import { waitFor } from "../lib/wait-for.ts";

const POD = "[Pod]\nStage1=fly\nVolume=out,kind=host,source=/srv/out\n";
const WAITS = 'trap "echo got-term; exit 3" TERM; echo started; touch /out/ready; while :; do sleep 1000 & wait; done';

/** Ready when /out/go is there; at its stop it writes to /dev/stdout, opened anew. */
const READY_APP = `
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
static void stop(int number) { int out = open("/dev/stdout", O_WRONLY); _exit(write(out, "last line\\n", 10) == 10 ? 0 : number); }
int main(void) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const char *path = getenv("NOTIFY_SOCKET");
  int notify = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (path == NULL) return 3;
  signal(SIGTERM, stop);
  close(open("/out/running", O_CREAT | O_WRONLY, 0644));
  while (access("/out/go", F_OK) < 0) usleep(20000);
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (sendto(notify, "READY=1", 7, 0, (struct sockaddr *)&address, sizeof address) != 7) return 4;
  for (;;) pause();
}
`;

/** Tells that it lives for three seconds, a few times in each, and that it does. */
const WATCHED_APP = `
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(void) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const char *path = getenv("NOTIFY_SOCKET");
  int notify = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (path == NULL) return 3;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  for (int round = 0;; round++, usleep(100000)) {
    if (sendto(notify, "WATCHDOG=1", 10, 0, (struct sockaddr *)&address, sizeof address) != 10) return 4;
    if (round == 30) close(open("/out/watched", O_CREAT | O_WRONLY, 0644));
  }
}
`;

async function applied(host: TestHost, name: string, app: string, pod = POD): Promise<void> {
  await host.sh("rm -f /srv/out/*");
  await applyPod(host, name, `${pod}${app}`);
}

/** Runs it to its end and returns what it wrote to /out/x. */
async function outputOf(host: TestHost, name: string, app: string, pod = POD): Promise<string> {
  await applied(host, name, app, pod.replace("[Pod]\n", "[Pod]\nJob=yes\n"));
  await host.sh(`systemctl start rkt-pod@${name}`);
  return host.read("/srv/out/x");
}

async function appeared(host: TestHost, path: string): Promise<void> {
  await waitFor(async () => ((await host.run(["test", "-e", path])).status === 0 ? true : undefined), { what: path });
}

forEachSuite((suite) => {
  test("an app under fly", async (t) => {
    await using host = await bootWithBox(suite, {
      prepare: "mkdir -p etc && ln -s /nowhere/resolv.conf etc/resolv.conf && ln -s /etc escape",
    });

    await t.test("is the unit's main process, and list, status, logs and stop know it", async () => {
      await applied(host, "life", shellApp("main", WAITS));
      await host.sh("systemctl start rkt-pod@life");
      await appeared(host, "/srv/out/ready");
      const main = await property(host, "life", "MainPID");
      assert.match(await host.sh(`cat /proc/${main}/comm`), /^sh$/m);
      const status = await host.sh("rkt status life");
      assert.match(status, /^state=running$/m);
      assert.match(status, new RegExp(`^pid=${main}$`, "m"));
      assert.match(status, /^machine=none/m);
      assert.doesNotMatch(await host.sh("machinectl list"), /rkt-/);
      assert.match(await host.sh("rkt logs life"), /main\[\d+\]: started$/m);
      assert.notEqual((await host.run(["rkt", "pod", "rm", "life"])).status, 0);
      await host.sh("rkt stop life");
      assert.match(await host.sh("rkt status life"), /^app-main=3$/m);
      assert.match(await host.sh("rkt status life"), /^state=exited$/m);
      assert.match(await host.sh("rkt logs life"), /got-term$/m);
      assert.equal((await host.sh("ls -A /run/rkt/cgroups")).trim(), "");
    });

    await t.test("has nothing of the host's mounts changed, and leaves none", async () => {
      const before = await host.sh("cat /proc/self/mountinfo | wc -l");
      await applied(
        host,
        "mounts",
        shellApp("main", `mount -t tmpfs none /tmp; mount -t tmpfs none /out; ${WAITS.replace("/out/ready", "/dev/shm/ready")}`),
      );
      await host.sh("systemctl start rkt-pod@mounts");
      await appeared(host, "/dev/shm/ready");
      assert.equal(await host.sh("cat /proc/self/mountinfo | wc -l"), before);
      await host.sh("systemctl kill --kill-who=main --signal=KILL rkt-pod@mounts; rm /dev/shm/ready");
      await waitFor(async () => ((await property(host, "mounts", "ActiveState")) === "failed" ? true : undefined), { what: "the end" });
      assert.equal(await host.sh("cat /proc/self/mountinfo | wc -l"), before);
      assert.match(await host.sh("rkt status mounts"), /^app-main=137$/m);
      await host.sh("rkt pod rm mounts");
    });

    await t.test("that is killed with all of its unit leaves a record", async () => {
      await applied(host, "force", shellApp("main", WAITS));
      await host.sh("systemctl start rkt-pod@force");
      await appeared(host, "/srv/out/ready");
      await host.sh("rkt stop --force force");
      assert.match(await host.sh("rkt status force"), /^app-main=137$/m);
    });

    await t.test("has all of the host's privileges, its processes and network; /proc, /dev and /sys are there", async () => {
      const see =
        "grep CapEff /proc/self/status; readlink /proc/self/ns/net; readlink /proc/self/ns/pid; ls -d /dev/null /sys/class; cat /proc/1/comm";
      const seen = await outputOf(host, "powers", shellApp("main", `(${see}) >/out/x`));
      assert.equal(seen, await host.sh(`${see}`));
    });

    await t.test("has exactly its user, groups, directory and environment, also a LD_PRELOAD", async () => {
      const keys = 'User=www\nSupplementaryGroups=extra\nWorkingDirectory=/tmp\nEnvironment=LD_PRELOAD=/x.so "A=b c"\n';
      const seen = await outputOf(host, "exact", shellApp("main", "(id; pwd; env | sort) >/out/x", keys));
      assert.match(seen, /^uid=33\(www\) gid=34\(www\) groups=(34\(www\),)?2000\(extra\)$/m);
      const names = [...seen.matchAll(/^([A-Z_a-z]+)=/gm)]
        .map(([, name]) => name)
        .filter((name) => !["uid", "PWD", "SHLVL"].includes(name ?? ""));
      assert.deepEqual(names, ["AC_APP_NAME", "A", "HOME", "LD_PRELOAD", "LOGNAME", "PATH", "SHELL", "USER", "container"].toSorted());
      assert.match(seen, /^A=b c$/m);
      assert.match(seen, /^\/tmp$/m);
    });

    await t.test("keeps only the capabilities that are said, and a file system that is read-only stays so", async () => {
      const keys = "CapabilityRetain=CAP_CHOWN\nNoNewPrivileges=yes\nReadOnlyRootFS=yes\n";
      const seen = await outputOf(
        host,
        "less",
        shellApp("main", '(grep -E "CapEff|NoNew" /proc/self/status; touch /no || echo refused) >/out/x 2>&1', keys),
      );
      assert.match(seen, /^CapEff:\s+0000000000000001$/m);
      assert.match(seen, /^NoNewPrivs:\s+1$/m);
      assert.match(seen, /^refused$/m);
    });

    await t.test("follows the image's and a volume's links inside its root only", async () => {
      await host.sh("mkdir -p /srv/hostile /srv/inner; ln -sfn /etc /srv/hostile/link; touch /srv/inner/mark");
      const pod = `${POD}Volume=hostile,kind=host,source=/srv/hostile\nVolume=inner,kind=host,source=/srv/inner\n`;
      const mounts = "Mount=volume=hostile,target=/data\nMount=volume=inner,target=/data/link/deep/er\n";
      const seen = await outputOf(
        host,
        "links",
        shellApp("main", "(ls /etc/deep/er /escape/deep/er; cat /etc/resolv.conf; cat /etc/hosts | wc -l) >/out/x 2>&1", mounts),
        pod,
      );
      assert.match(seen, /mark/);
      assert.ok(!seen.includes("No such file"), seen);
      assert.notEqual((await host.run(["test", "-e", "/etc/deep"])).status, 0);
    });

    await t.test("gets its sockets", async () => {
      const ports = [{ name: "web", protocol: "tcp", port: 80, socketActivated: true }];
      await makeImage(host, {
        name: "echo",
        files: { "bin/echod": await compileStatic(SOCKET_APP) },
        app: { exec: ["/bin/echod", "-1"], user: "1000", group: "1000", ports },
      });
      await applyPod(
        host,
        "echo",
        "[Pod]\nStage1=fly\n[App echo]\nImage=/root/images/echo.aci\n[Socket main]\nListenStream=127.0.0.1:7001\n",
      );
      await host.sh("systemctl start rkt-pod@echo.socket");
      assert.deepEqual(await connect(host, 7001, { address: "127.0.0.1" }), ["fds=1 own=yes names=main"]);
      await host.sh("systemctl stop rkt-pod@echo.socket rkt-pod@echo");
    });

    await t.test("says itself when it is ready, and loses no line of what it opened again", async () => {
      await makeImage(host, { name: "ready", files: { "bin/readyd": await compileStatic(READY_APP) }, app: { exec: ["/bin/readyd"] } });
      await host.sh("rm -f /srv/out/*");
      const app = "[App main]\nImage=/root/images/ready.aci\nMount=volume=out,target=/out\nNotify=yes\nOutput=pipe\n";
      await applyPod(host, "ready", `${POD}${app}`);
      await host.sh("systemctl start --no-block rkt-pod@ready");
      await appeared(host, "/srv/out/running");
      assert.equal(await property(host, "ready", "ActiveState"), "activating");
      await host.sh("touch /srv/out/go");
      await waitFor(async () => ((await property(host, "ready", "ActiveState")) === "active" ? true : undefined), { what: "READY=1" });
      await host.sh("rkt stop ready; journalctl --sync");
      assert.match(await host.sh("rkt logs ready"), /last line$/m);
    });

    await t.test("says that it lives, without having to say when it is ready", async () => {
      await makeImage(host, {
        name: "watched",
        files: { "bin/watched": await compileStatic(WATCHED_APP) },
        app: { exec: ["/bin/watched"] },
      });
      await host.sh("rm -f /srv/out/*");
      await applyPod(host, "watched", `${POD}[App main]\nImage=/root/images/watched.aci\nMount=volume=out,target=/out\nWatchdogSec=1s\n`);
      await host.sh("systemctl start rkt-pod@watched");
      await appeared(host, "/srv/out/watched");
      assert.equal(await property(host, "watched", "ActiveState"), "active");
      await host.sh("rkt stop watched");
    });

    await t.test("reads the host's names where its file of them is a link", async () => {
      await host.sh(
        "cp /etc/hosts /run/hosts; echo 192.0.2.7 linked >>/run/hosts; mv /etc/hosts /etc/hosts.kept; ln -s /run/hosts /etc/hosts",
      );
      try {
        assert.match(await outputOf(host, "linked", shellApp("main", "cat /etc/hosts >/out/x")), /^192\.0\.2\.7 linked$/m);
      } finally {
        await host.sh("mv /etc/hosts.kept /etc/hosts");
      }
    });

    await t.test("runs its handlers around itself, as root in its root", async () => {
      const say = (word: string) => ["/bin/sh", "-c", `echo "${word} $(id -u)" >>/out/x`];
      const eventHandlers = [
        { name: "pre-start", exec: say("pre") },
        { name: "post-stop", exec: say("post") },
      ];
      const app = { exec: ["/bin/sh", "-c", 'echo "main $(id -u)" >>/out/x'], user: "33", group: "34", eventHandlers };
      await makeImage(host, { name: "handlers", app });
      await host.sh("rm -f /srv/out/*; touch /srv/out/x; chmod 666 /srv/out/x");
      await applyPod(host, "handlers", `${POD}Job=yes\n[App main]\nImage=/root/images/handlers.aci\nMount=volume=out,target=/out\n`);
      await host.sh("systemctl start rkt-pod@handlers");
      assert.equal(await host.read("/srv/out/x"), "pre 0\nmain 33\npost 0\n");
    });

    await t.test("is entered in its root and control group, with its user and status", async () => {
      await applied(host, "entered", shellApp("main", WAITS, "User=www\nWorkingDirectory=/tmp\n"));
      await host.sh("systemctl start rkt-pod@entered");
      await appeared(host, "/srv/out/ready");
      const inside = await host.run([
        "rkt",
        "enter",
        "entered",
        "/bin/sh",
        "-c",
        "id -u; pwd; grep ^0:: /proc/self/cgroup; echo $AC_APP_NAME; exit 7",
      ]);
      assert.equal(inside.status, 7, inside.stderr);
      assert.match(inside.stdout, /^33\n\/tmp\n0::\/machine\.slice\/rkt-pod@entered\.service\nmain\n$/);
      await host.sh("rkt enter --user=root entered /bin/sh -c 'echo more:x:2001:www >>/etc/group'");
      assert.equal(await host.sh("rkt enter --user=www entered /bin/sh -c 'id -u; id -G'"), "33\n34 2001\n");
      assert.equal(await host.sh("rkt enter --user=root entered /bin/sh -c 'id -G'"), "0\n");
      const terminal = await host.run([
        "script",
        "-qec",
        "rkt enter --user=root entered /bin/sh -c 'id -u; test -t 0; exit 5'",
        "/dev/null",
      ]);
      assert.equal(terminal.status, 5, terminal.stdout);
      const typed = openTerminal(
        host,
        "stty rows 33 cols 77; rkt enter entered /bin/sh -c 'echo $TERM; stty size; read x; sleep 1000'; echo status=$?",
      );
      await typed.expect(/^xterm\r\n33 77\r\n/);
      typed.type("\n");
      await typed.expect(/\r\n/);
      typed.type("\x03");
      await typed.expect(/status=130\r\n/);
      assert.ok(!(await typed.ended()).stdout.includes("\u001b]"), "no title of a window");
      await host.sh("systemctl stop rkt-pod@entered || :");
    });

    await t.test("cannot write lines of another pod", async () => {
      const uuid = await uuidOf(host, "life");
      await host.sh(`logger --journald <<E
MESSAGE=forged
SYSLOG_IDENTIFIER=main
RKT_POD_UUID=${uuid}
E
journalctl --sync`);
      assert.doesNotMatch(await host.sh("rkt logs life"), /forged/);
    });

    await t.test("runs in the foreground with its bytes and status, with and without an overlay", async () => {
      for (const overlay of ["", "--no-overlay"]) {
        const line = `rkt run ${overlay} --stage1-name=coreos.com/rkt/stage1-fly example.com/box --exec /bin/sh -- -c`;
        const ended = await host.run(["sh", "-c", `${line} 'seq 20000; echo oops >&2; echo opened >/dev/stdout; exit 4'`]);
        assert.equal(ended.status, 4, ended.stderr);
        assert.equal(ended.stdout, `${await host.sh("seq 20000")}opened\n`);
        assert.match(ended.stderr, /^oops$/m);
      }
    });

    await t.test("becomes the main process of a unit that executes rkt run", async () => {
      await host.sh(
        "systemd-run --uid=0 --unit=foreign -p Type=notify rkt run --stage1-name=coreos.com/rkt/stage1-fly example.com/box --exec /bin/sleep -- 1000",
      );
      const main = (await host.sh("systemctl show -P MainPID foreign")).trim();
      assert.equal((await host.sh(`cat /proc/${main}/comm`)).trim(), "sleep");
      assert.equal((await host.sh("wc -l < /sys/fs/cgroup/system.slice/foreign.service/cgroup.procs")).trim(), "1");
      assert.match(await host.sh("rkt list"), /box\s.*running/);
      await host.sh("systemctl stop foreign");
      await waitFor(async () => (/running/.test(await host.sh("rkt list")) ? undefined : true), { what: "the end of the pod" });
    });

    await t.test("is refused what it cannot have", async () => {
      for (const [more, words] of [
        ["Net=none\n", /host's network and no other/],
        ["PrivateUsers=yes\n", /user namespace|PrivateUsers/],
        ["Sysctl=kernel.msgmax=1\n", /kernel\.msgmax/],
      ] as const) {
        await host.write("/etc/rkt/pods.d/no.pod", `${POD}${more}[App main]\n${BOX_APP}`);
        const { status, stderr } = await host.run(["rkt", "pod", "apply", "no"]);
        assert.notEqual(status, 0);
        assert.match(stderr, words);
      }
      await host.sh("rm /etc/rkt/pods.d/no.pod");
    });

    await t.test("does not start without a verdict", async () => {
      await host.sh("rm /run/rkt/verdicts/*/[0-9a-f]*");
      assert.notEqual((await systemctl(host, "start", "life")).status, 0);
    });
  });
});
