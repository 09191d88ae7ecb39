import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, linesOf, property, shellApp, systemctl } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, makeImage, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const POD = `${BOX_POD}Net=none\n`;
const JOB = `${POD}Job=yes\n`;
/** Runs until SIGTERM, and says so. */
const WAITS = 'trap "echo got-term; exit 0" TERM; echo started; while :; do sleep 1000 & wait; done';

async function ended(host: TestHost, name: string): Promise<string> {
  return waitFor(
    async () => {
      const state = await property(host, name, "ActiveState");
      return state === "inactive" || state === "failed" ? state : undefined;
    },
    { what: `the end of ${name}` },
  );
}

async function status(host: TestHost, name: string): Promise<string> {
  return host.sh(`rkt status ${name}`);
}

forEachSuite((suite) => {
  test("the life of a pod and its apps", async (t) => {
    await using host = await bootWithBox(suite);

    await t.test("a job: start waits for its end, and its status is the app's", async () => {
      await applyPod(host, "job", `${JOB}${shellApp("main", "sleep 0.3; echo done >/out/job")}`);
      await host.sh("systemctl start rkt-pod@job");
      assert.equal(await host.read("/srv/out/job"), "done\n");
      assert.equal(await property(host, "job", "ActiveState"), "inactive");
      assert.match(await status(host, "job"), /^app-main=0$/m);
      await applyPod(host, "job", `${JOB}${shellApp("main", "exit 42")}`);
      assert.notEqual((await systemctl(host, "start", "job")).status, 0);
      assert.equal(await property(host, "job", "ExecMainStatus"), "42");
      assert.match(await status(host, "job"), /^app-main=42$/m);
    });

    await t.test("a timer unit starts a job", async () => {
      await applyPod(host, "timed", `${JOB}${shellApp("main", "echo timed >/out/timed")}`);
      await host.write("/etc/systemd/system/rkt-pod@timed.timer", "[Timer]\nOnActiveSec=100ms\nAccuracySec=1ms\n");
      await host.sh("systemctl daemon-reload; systemctl start rkt-pod@timed.timer");
      await waitFor(async () => ((await host.run(["test", "-s", "/srv/out/timed"])).status === 0 ? true : undefined), {
        what: "the timer",
      });
    });

    await t.test("a pod ends when its apps have ended, and not before", async () => {
      await applyPod(host, "two", `${POD}${shellApp("short", "exit 0")}${shellApp("long", "until [ -e /out/go ]; do sleep 0.05; done")}`);
      await host.sh("systemctl start rkt-pod@two");
      const short = async () => (/^app-short=0$/m.test(await status(host, "two")) ? true : undefined);
      await waitFor(short, { what: "the end of the short app" });
      assert.equal(await property(host, "two", "ActiveState"), "active");
      await host.sh("touch /srv/out/go");
      assert.equal(await ended(host, "two"), "inactive");
      assert.match(await status(host, "two"), /^app-long=0$/m);
    });

    await t.test("the first failing app's status becomes the unit's, and the others get SIGTERM", async () => {
      const failing = shellApp("bad", "until [ -e /out/fail ] && [ -e /out/up ]; do sleep 0.05; done; exit 7");
      const other = shellApp("good", WAITS.replace("echo started;", "echo started; touch /out/up;"));
      await applyPod(host, "fails", `${POD}${failing}${other}`);
      await host.sh("systemctl start rkt-pod@fails");
      await host.sh("touch /srv/out/fail");
      assert.equal(await ended(host, "fails"), "failed");
      assert.equal(await property(host, "fails", "ExecMainStatus"), "7");
      assert.match(await status(host, "fails"), /^app-bad=7$/m);
      assert.deepEqual(await linesOf(host, await uuidOf(host, "fails"), "good"), ["started", "got-term"]);
    });

    await t.test("it stays the unit's where the others end with one of their own, and where a handler failed", async () => {
      const failing = shellApp("bad", "until [ -e /out/up ]; do sleep 0.05; done; exit 5");
      const other = WAITS.replace("exit 0", "exit 143").replace("echo started;", "echo started; touch /out/up;");
      for (const more of ["", "Requires=bad", "Restart=on-failure"]) {
        await host.sh("rm -f /srv/out/up");
        await applyPod(host, "both", `${POD}${failing}${shellApp("other", other, more)}`);
        await systemctl(host, "start", "both");
        assert.equal(await ended(host, "both"), "failed");
        assert.equal(await property(host, "both", "ExecMainStatus"), "5", more);
        assert.match(await status(host, "both"), /^app-other=143$/m);
      }
      await makeImage(host, {
        name: "unready-late",
        app: {
          exec: ["/bin/true"],
          mountPoints: [{ name: "out", path: "/out" }],
          eventHandlers: [{ name: "pre-start", exec: ["/bin/sh", "-c", "until [ -e /out/up ]; do sleep 0.05; done; exit 6"] }],
        },
      });
      await host.sh("rm -f /srv/out/up");
      await applyPod(host, "both", `${POD}${shellApp("other", other)}[App late]\nImage=/root/images/unready-late.aci\n`);
      await systemctl(host, "start", "both");
      assert.equal(await ended(host, "both"), "failed");
      assert.equal(await property(host, "both", "ExecMainStatus"), "6");
    });

    await t.test("an app that a signal killed is a failure", async () => {
      await applyPod(host, "signal", `${JOB}${shellApp("main", "kill -KILL $$")}`);
      assert.notEqual((await systemctl(host, "start", "signal")).status, 0);
      assert.equal(await property(host, "signal", "Result"), "exit-code");
      assert.match(await status(host, "signal"), /^app-main=137$/m);
    });

    await t.test("handlers run as root in order, and the pod's end waits for post-stop", async () => {
      const say = (word: string) => ["/bin/sh", "-c", `sleep 0.2; echo "${word} $(id -u)" >>/out/order; echo ${word}-line`];
      const manifest = {
        exec: ["/bin/sh", "-c", 'echo "main $(id -u)" >>/out/order'],
        user: "33",
        group: "34",
        mountPoints: [{ name: "out", path: "/out" }],
        eventHandlers: [
          { name: "pre-start", exec: say("pre") },
          { name: "post-stop", exec: say("post") },
        ],
      };
      await makeImage(host, { name: "handlers", app: manifest });
      await host.sh("touch /srv/out/order; chmod 666 /srv/out/order");
      await applyPod(host, "handlers", `${JOB}[App main]\nImage=/root/images/handlers.aci\n`);
      await host.sh("systemctl start rkt-pod@handlers");
      assert.equal(await host.read("/srv/out/order"), "pre 0\nmain 33\npost 0\n");
      assert.deepEqual(await linesOf(host, await uuidOf(host, "handlers"), "main"), ["pre-line", "post-line"]);
      await host.sh(": >/srv/out/order");
      await applyPod(host, "handlers", `${POD}[App main]\nImage=/root/images/handlers.aci\nExec=/bin/sleep 1000\n`);
      await host.sh("systemctl start rkt-pod@handlers; systemctl stop rkt-pod@handlers");
      assert.equal(await host.read("/srv/out/order"), "pre 0\npost 0\n");
      await makeImage(host, {
        name: "unready",
        app: { ...manifest, eventHandlers: [{ name: "pre-start", exec: ["/bin/sh", "-c", "exit 6"] }] },
      });
      await applyPod(host, "unready", `${JOB}[App main]\nImage=/root/images/unready.aci\n`);
      assert.notEqual((await systemctl(host, "start", "unready")).status, 0);
      assert.equal(await property(host, "unready", "ExecMainStatus"), "6");
      assert.equal(await host.read("/srv/out/order"), "pre 0\npost 0\n");
    });

    await t.test("apps start in the order of the file, or as After= and Requires= say", async () => {
      const mark = (name: string) => `echo ${name} >>/out/sequence; exec sleep 1000`;
      const stop = `trap "echo stop-$AC_APP_NAME >>/out/sequence; exit 0" TERM; echo $AC_APP_NAME >>/out/sequence; while :; do sleep 1000 & wait; done`;
      const apps = shellApp("web", mark("web"), "Requires=db") + shellApp("db", stop) + shellApp("last", mark("last"), "After=web");
      await applyPod(host, "ordered", `${POD}${apps}`);
      await host.sh("systemctl start rkt-pod@ordered");
      const lines = async (count: number) => {
        const text = await host.read("/srv/out/sequence");
        return text.split("\n").length > count ? text : undefined;
      };
      await waitFor(() => lines(3), { what: "three apps" });
      await host.sh("systemctl stop rkt-pod@ordered");
      const order = (await host.read("/srv/out/sequence")).trim().split("\n");
      assert.deepEqual(order.toSorted(), ["db", "last", "stop-db", "web"]);
      assert.equal(order.at(-1), "stop-db");
      await host.write("/etc/rkt/pods.d/circle.pod", POD + shellApp("a", ":", "After=b") + shellApp("b", ":", "Requires=a"));
      assert.match((await host.run(["rkt", "pod", "verify", "circle"])).stderr, /circle\.pod:\d+: /);
      await host.sh("rm /etc/rkt/pods.d/circle.pod");
    });

    await t.test("Requires= ends an app when the one that it needs has ended", async () => {
      const apps = shellApp("db", "until [ -e /out/enough ]; do sleep 0.05; done") + shellApp("web", WAITS, "Requires=db");
      await applyPod(host, "needs", `${POD}${apps}`);
      await host.sh("systemctl start rkt-pod@needs; touch /srv/out/enough");
      assert.equal(await ended(host, "needs"), "inactive");
      assert.deepEqual(await linesOf(host, await uuidOf(host, "needs"), "web"), ["started", "got-term"]);
    });

    await t.test("Restart= starts an app again without the pod, and gives up with its status", async () => {
      const script = "echo run >>/out/again; [ $(wc -l </out/again) -lt 3 ] && exit 3; exec sleep 1000";
      await applyPod(
        host,
        "again",
        `${POD}${shellApp("main", script, "Restart=on-failure\nRestartSec=50ms")}${shellApp("other", "sleep 1000")}`,
      );
      await host.sh("systemctl start rkt-pod@again");
      const main = await property(host, "again", "MainPID");
      await waitFor(async () => ((await host.read("/srv/out/again")) === "run\nrun\nrun\n" ? true : undefined), { what: "three runs" });
      assert.equal(await property(host, "again", "MainPID"), main);
      assert.equal(await property(host, "again", "ActiveState"), "active");
      assert.equal(await property(host, "again", "NRestarts"), "0");
      await host.sh("systemctl stop rkt-pod@again");
      await applyPod(
        host,
        "again",
        `${POD}${shellApp("main", "echo run; exit 9", "Restart=on-failure\nRestartSec=10ms")}${shellApp("other", WAITS)}`,
      );
      await systemctl(host, "start", "again");
      assert.equal(await ended(host, "again"), "failed");
      assert.equal(await property(host, "again", "ExecMainStatus"), "9");
      assert.match(await status(host, "again"), /^app-main=9$/m);
      const runs = (await linesOf(host, await uuidOf(host, "again"), "main")).length;
      assert.ok(runs > 1 && runs < 20, `${runs} runs`);
      await applyPod(host, "always", `${POD}${shellApp("main", "echo run; sleep 0.1", "Restart=always\nRestartSec=3s")}`);
      await host.sh("systemctl start rkt-pod@always; systemctl stop rkt-pod@always");
    });

    await t.test("an app that always runs is there when the app that it requires has been restarted", async () => {
      const db = shellApp(
        "db",
        "echo run >>/out/dbs; until [ -e /out/crash ]; do sleep 0.05; done; rm /out/crash; exit 3",
        "Restart=on-failure\nRestartSec=50ms",
      );
      const web = shellApp("web", "while :; do touch /out/beat; sleep 0.05; done", "Requires=db\nRestart=always");
      await applyPod(host, "back", `${POD}${db}${web}`);
      await host.sh("systemctl start rkt-pod@back; touch /srv/out/crash");
      const twice = async () => ((await host.run(["cat", "/srv/out/dbs"])).stdout === "run\nrun\n" ? true : undefined);
      await waitFor(twice, { what: "the second run" });
      // 252 has stopped the other one by then.
      await host.sh("rm -f /srv/out/beat");
      await waitFor(async () => ((await host.run(["test", "-e", "/srv/out/beat"])).status === 0 ? true : undefined), {
        what: "the other app",
      });
      await host.sh("systemctl stop rkt-pod@back");
    });

    await t.test("the host's Restart=on-failure starts the whole pod again, with a clean root", async () => {
      const script =
        "[ -e /mark ] && echo dirty >>/out/restarted; touch /mark; echo run >>/out/restarted; [ $(wc -l </out/restarted) -lt 2 ] && exit 5; exec sleep 1000";
      await applyPod(host, "restarted", `${POD}${shellApp("main", script)}[Service]\nRestart=on-failure\nRestartSec=100ms\n`);
      await systemctl(host, "start", "restarted");
      await waitFor(async () => ((await property(host, "restarted", "NRestarts")) === "1" ? true : undefined), { what: "the restart" });
      await waitFor(async () => ((await property(host, "restarted", "ActiveState")) === "active" ? true : undefined), {
        what: "the second run",
      });
      assert.equal(await host.read("/srv/out/restarted"), "run\nrun\n");
      await host.sh("systemctl stop rkt-pod@restarted");
    });

    await t.test("an app that lives for milliseconds is a success, twenty times in a row", async () => {
      await applyPod(host, "short", `${POD}${shellApp("main", ":")}[Service]\nStartLimitIntervalSec=0\n`);
      await host.sh(
        "for i in $(seq 20); do systemctl start rkt-pod@short || { systemctl status rkt-pod@short; exit 1; }; done; ! systemctl is-failed --quiet rkt-pod@short",
      );
    });
  });
});
