import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, linesOf, property, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, uuidOf } from "../lib/pod-host.ts";
import { openTerminal } from "../lib/terminal.ts";
import { waitFor } from "../lib/wait-for.ts";

/** Answers lines, and says when its window changes and when it is interrupted. */
const TALKER = `trap 'echo size $(stty size)' WINCH; trap 'echo interrupted' INT
count=0; echo "ready on $(tty) as $(id -u), TERM=$TERM"
while :; do if read line; then count=$((count+1)); echo "answer $count $line"; fi; [ "$line" != quit ] || exit 0; done
`;
const IMAGE = { files: { "talk.sh": TALKER } };

async function startTalker(host: TestHost, name: string, more: { readonly pod?: string; readonly app?: string } = {}): Promise<void> {
  await applyPod(
    host,
    name,
    `${BOX_POD}Net=none\n${more.pod ?? ""}\n${shellApp("talker", "exec sh /talk.sh", `Output=tty\n${more.app ?? ""}`)}`,
  );
  await host.sh(`systemctl start rkt-pod@${name}`);
}

/** The pod's PID 1. */
async function leaderOf(host: TestHost, name: string): Promise<string> {
  return (await host.sh(`machinectl show --property=Leader --value rkt-${await uuidOf(host, name)}`)).trim();
}

function waitForState(host: TestHost, name: string, state: string): Promise<true> {
  return waitFor(async () => ((await property(host, name, "ActiveState")) === state ? true : undefined), { what: `${name} ${state}` });
}

forEachSuite((suite) => {
  test("rkt attach joins the terminal of an app", { timeout: 240_000 }, async (t) => {
    await using host = await bootWithBox(suite, IMAGE);
    await startTalker(host, "talk");

    await t.test("lines, Ctrl-C, the size of the window; the key leaves it, and it goes on", async () => {
      const first = openTerminal(
        host,
        "stty rows 31 cols 91; (sleep 2; stty rows 40 cols 100 < /dev/tty) & rkt attach talk; echo status=$?",
      );
      await first.expect(/attach: \^\] leaves app "talker", which goes on\r\n/);
      await first.expect(/size 31 91\r\n/);
      first.type("hello\n");
      await first.expect(/hello\r\nanswer 1 hello\r\n/);
      await first.expect(/size 40 100\r\n/);
      first.type("\x03");
      await first.expect(/\^C.*interrupted\r\n/s);
      first.type("\x1d");
      await first.expect(/attach: left app "talker"\r\nstatus=0\r\n/);
      await first.ended();

      const again = openTerminal(host, "rkt attach --app=talker talk; echo status=$?; stty -a");
      await again.expect(/leaves/);
      again.type("once more\n");
      await again.expect(/answer 2 once more\r\n/);
      again.type("\x1d");
      await again.expect(/status=0\r\n/);
      assert.match((await again.ended()).stdout, / icanon.* echo /s, "the terminal is as it was");
    });

    await t.test("two at once; an input that is no terminal; looking on", async () => {
      const [one, other] = [openTerminal(host, "rkt attach talk"), openTerminal(host, "rkt attach --mode=tty-out talk")];
      for (const terminal of [one, other]) await terminal.expect(/leaves/);
      await host.sh("sleep 1; echo from a pipe | rkt attach --mode=tty-in talk");
      await one.expect(/answer 3 from a pipe\r\n/);
      await other.expect(/answer 3 from a pipe\r\n/);
      one.type("both\n");
      await other.expect(/answer 4 both\r\n/);
      const piped = await host.run(["sh", "-c", "(echo piped; sleep 2) | timeout 5 rkt attach talk"]);
      assert.match(piped.stdout, /answer 5 piped\r\n/);
      assert.equal(piped.status, 124, "it goes on to show what comes");
      assert.equal(await host.sh("rkt attach talk --mode=list"), "tty-in\ntty-out\n");
      one.type("\x1d");
      await one.ended();
      other.type("nothing of this\n\x1d");
      assert.equal((await other.ended()).status, 0);
      const third = openTerminal(host, "rkt attach --mode=tty-out talk");
      await third.expect(/leaves/);
      await host.sh("sleep 1; kill $(pgrep -f '[r]kt.cjs attach --mode=tty-out')");
      assert.equal((await third.ended()).status, 128 + 15);
    });

    await t.test("when the app ends, so do all who are attached", async () => {
      const watching = openTerminal(host, "rkt attach --mode=tty-out talk; echo status=$?");
      const typing = openTerminal(host, "rkt attach talk; echo status=$?");
      for (const terminal of [watching, typing]) await terminal.expect(/leaves/);
      await host.sh("sleep 1");
      typing.type("quit\n");
      for (const terminal of [watching, typing]) {
        await terminal.expect(/answer \d+ quit\r\n/);
        await terminal.expect(/attach: app "talker" has ended\r\nstatus=0\r\n/);
        await terminal.ended();
      }
      await waitForState(host, "talk", "inactive");
      assert.deepEqual(await linesOf(host, await uuidOf(host, "talk"), "talker"), [], "nothing of it is in the journal");
      const late = await host.run(["rkt", "attach", "talk"]);
      assert.deepEqual([late.status, late.stderr.split("\n")[0]], [254, 'attach: Cannot attach to pod "talk": it does not run']);
    });

    await t.test("it is a terminal like any other, and the app's controlling one", async () => {
      const script = ["test -t 0 && test -t 1 && test -t 2 && echo three", "echo own >/dev/tty; read x; exec sh -i"].join("\n");
      await applyPod(host, "real", `${BOX_POD}Net=none\n${shellApp("main", script, "Output=tty\nUser=www\nEnvironment=TERM=vt100")}`);
      await host.sh("systemctl start rkt-pod@real");
      const terminal = openTerminal(host, "rkt attach real");
      await terminal.expect(/leaves/);
      terminal.type("go\n");
      await terminal.expect(/\$ /);
      terminal.type("echo $TERM $(id -u) $(stat -c %u $(tty)); sleep 1000\n");
      await terminal.expect(/vt100 33 33\r\n/);
      terminal.type("\x1a");
      await terminal.expect(/Stopped[^\n]*\n.*\$ /s);
      terminal.type("fg\n");
      await terminal.expect(/\nsleep 1000\r\n/);
      terminal.type("\x03");
      await terminal.expect(/\$ /);
      terminal.type("exit 0\n");
      await terminal.ended();
    });

    await t.test("an app that fills it while nobody looks goes on; the last words reach who does", async () => {
      await applyPod(
        host,
        "full",
        `${BOX_POD}Net=none\n${shellApp("main", "seq 1000000; echo >/out/over; read x; seq 20000; exit 0", "Output=tty")}`,
      );
      await host.sh("systemctl start rkt-pod@full");
      await waitFor(async () => ((await host.run(["test", "-e", "/srv/out/over"])).status === 0 ? true : undefined), {
        what: "a million lines",
      });
      const { stdout, status } = await host.run(["sh", "-c", "(sleep 1; echo) | rkt attach full"]);
      assert.equal(status, 0);
      const lines = stdout.split("\r\n").filter((line) => /^\d+$/.test(line));
      assert.deepEqual(
        lines.slice(-20_000),
        Array.from({ length: 20_000 }, (_, index) => String(index + 1)),
      );
    });

    await t.test("an app that reads nothing of what is typed is left all the same, and stopped", async () => {
      await applyPod(host, "deaf", `${BOX_POD}Net=none\n${shellApp("main", "exec sleep 1000", "Output=tty")}`);
      await host.sh("systemctl start rkt-pod@deaf");
      const terminal = openTerminal(host, "rkt attach deaf; echo status=$?");
      await terminal.expect(/leaves/);
      terminal.type("a line\n".repeat(50_000));
      terminal.type("\x1d");
      await terminal.expect(/left app "main"\r\nstatus=0\r\n/);
      await terminal.ended();
      await host.sh("systemctl stop rkt-pod@deaf");
      assert.equal(await property(host, "deaf", "Result"), "success");
    });

    await t.test("a client that takes nothing holds up neither the end of an app nor the rest of its pod", async () => {
      const apps = shellApp("loud", "read x; exec yes", "Output=tty") + shellApp("other", "exec sleep 1000");
      await applyPod(host, "held", `${BOX_POD}Net=none\n${apps}`);
      await host.sh("systemctl start rkt-pod@held");
      const stalled = host.run(["sh", "-c", "(sleep 1; echo; sleep 20) | rkt attach --app=loud held | { sleep 12; echo; }"]);
      await host.sh("sleep 3");
      await host.sh(`nsenter -t ${await leaderOf(host, "held")} -a systemctl stop loud`);
      await waitFor(async () => ((await host.run(["pgrep", "-x", "dtach"])).status === 1 ? true : undefined), { what: "the end of dtach" });
      assert.equal(await property(host, "held", "ActiveState"), "active");
      await host.sh("systemctl stop rkt-pod@held");
      assert.equal(await property(host, "held", "Result"), "success");
      await stalled;
    });

    await t.test("an app that is restarted inside its pod keeps its terminal, and who is attached", async () => {
      await startTalker(host, "again", { app: "Restart=always\nRestartSec=100ms" });
      const terminal = openTerminal(host, "rkt attach again; echo status=$?");
      await terminal.expect(/leaves/);
      terminal.type("quit\n");
      await terminal.expect(/answer 1 quit\r\n/);
      await terminal.expect(/ready on \/dev\/pts\/\d+ as 0, TERM=xterm\r\n/);
      terminal.type("still there\n");
      await terminal.expect(/answer 1 still there\r\n/);
      const stop = host.sh("systemctl stop rkt-pod@again");
      await terminal.expect(/has ended\r\nstatus=0\r\n/);
      await stop;
      assert.equal(await property(host, "again", "Result"), "success");
    });

    await t.test("with user ids of its own", async () => {
      await startTalker(host, "mapped", { pod: "PrivateUsers=yes", app: "User=www\nRestart=always" });
      const terminal = openTerminal(host, "rkt attach mapped");
      await terminal.expect(/leaves/);
      for (const count of [1, 2]) {
        terminal.type("a line\n");
        await terminal.expect(/answer 1 a line\r\n/);
        terminal.type("quit\n");
        await terminal.expect(/answer 2 quit\r\n/);
        await terminal.expect(/ready on \/dev\/pts\/\d+ as 33/);
        assert.ok(count > 0);
      }
      terminal.type("\x1d");
      await terminal.ended();
      await host.sh("systemctl stop rkt-pod@mapped");
    });
  });

  test("rkt attach: pods of the command line, and what is refused", { timeout: 240_000 }, async (t) => {
    await using host = await bootWithBox(suite, IMAGE);
    const image = "/root/images/box.aci";
    const run = (options: string, script: string) =>
      `rkt run --net=none --uuid-file-save=/root/uuid ${image} ${options} --exec=/bin/sh -- -c "${script}"`;
    const uuid = async (): Promise<string> => (await host.sh("cat /root/uuid")).trim();

    await t.test("rkt run --stdin=tty …: who started it is not attached", async () => {
      const runs = host.run(["sh", "-c", run("--stdin=tty --stdout=tty --stderr=tty", ". /talk.sh")]);
      await waitFor(
        // Its streams are known before it runs.
        async () => ((await host.run(["sh", "-c", "rkt enter $(cat /root/uuid) /bin/true"])).status === 0 ? true : undefined),
        {
          what: "the app",
        },
      );
      const terminal = openTerminal(host, "rkt attach $(cat /root/uuid)");
      await terminal.expect(/leaves/);
      terminal.type("quit\n");
      await terminal.expect(/answer 1 quit\r\n/);
      await terminal.ended();
      const { status, stdout } = await runs;
      assert.deepEqual([status, stdout], [0, ""]);
      const manifest = JSON.parse(await host.sh(`rkt cat-manifest ${await uuid()}`)) as { apps: { annotations: unknown[] }[] };
      const modes = ["stdin", "stdout", "stderr"].map((name) => ({ name: `coreos.com/rkt/stage2/${name}`, value: "tty" }));
      assert.deepEqual(manifest.apps[0]?.annotations.slice(-3), modes);
    });

    await t.test("modes per stream", async () => {
      const script = "echo out; echo err >&2; test -t 0 || echo none >&2";
      const split = await host.run(["sh", "-c", run("--stdout=tty --stderr=log", script)]);
      assert.deepEqual([split.status, split.stdout, split.stderr], [0, "", "err\nnone\n"]);
      const silent = await host.run(["sh", "-c", run("--stdout=null", script)]);
      assert.deepEqual([silent.status, silent.stdout, silent.stderr], [0, "", "err\nnone\n"]);
      const input = host.run(["sh", "-c", run("--stdin=tty", "read line; echo got \\$line")]);
      await waitFor(
        async () =>
          (await host.run(["sh", "-c", "rkt attach --mode=list $(cat /root/uuid) && rkt enter $(cat /root/uuid) /bin/true"])).stdout ===
          "tty-in\n"
            ? true
            : undefined,
        {
          what: "the pod",
        },
      );
      await host.sh("echo this | rkt attach $(cat /root/uuid)");
      assert.equal((await input).stdout, "got this\n");
      await applyPod(
        host,
        "null",
        `${BOX_POD}Net=none\nJob=yes\n${shellApp("main", "echo out; echo err >&2; echo ran >/out/ran", "Output=null")}`,
      );
      await host.sh("systemctl start rkt-pod@null && test -e /srv/out/ran");
      assert.deepEqual(await linesOf(host, await uuidOf(host, "null"), "main"), []);
    });

    await t.test("a pod manifest may say it, as the original's", async () => {
      await host.sh(`id=$(rkt image list --fields=id --full --no-legend | head -n 1)
        cat > /root/pod.json <<END
        { "acKind": "PodManifest", "acVersion": "0.8.11", "apps": [ { "name": "main", "image": { "id": "$id" },
          "app": { "exec": ["/bin/sh", "-c", "read line; echo got \\$line"], "user": "0", "group": "0" },
          "annotations": [ { "name": "coreos.com/rkt/stage2/stdin", "value": "tty" } ] } ] }
END`);
      const runs = host.run(["rkt", "run", "--net=none", "--uuid-file-save=/root/uuid", "--pod-manifest=/root/pod.json"]);
      await waitFor(async () => ((await host.run(["sh", "-c", "echo x | rkt attach $(cat /root/uuid)"])).status === 0 ? true : undefined), {
        what: "the pod",
      });
      assert.equal((await runs).status, 0);
    });

    await t.test("what is refused, and why", async () => {
      const refusals: readonly (readonly [command: string, reason: RegExp])[] = [
        [run("--stdin=stream", ":"), /Cannot use mode "stream" of --stdin: this release has no streams to attach to/],
        [run("--stdout=elsewhere", ":"), /Cannot use "elsewhere" as --stdout\n.*It takes log, null, tty/],
        [run("--stdin=tty", ":").replace("--net=none", "--net=none --interactive"), /--interactive together with --stdin/],
        [run("--stdin=tty", ":").replace("--net=none", "--stage1-name=coreos.com/rkt/stage1-fly"), /under fly: it keeps no terminal/],
        ["rkt attach none", /Cannot find pod "none"/],
      ];
      for (const [command, reason] of refusals) {
        const { status, stderr } = await host.run(["sh", "-c", command]);
        assert.notEqual(status, 0, command);
        assert.match(stderr, reason);
      }
      await applyPod(host, "plain", `${BOX_POD}Net=none\n${shellApp("main", "exec sleep 1000")}`);
      await host.sh("systemctl start rkt-pod@plain");
      assert.match((await host.run(["rkt", "attach", "plain"])).stderr, /^attach: Cannot attach to app "main": it has no terminal\n/);
      await startTalker(host, "talk");
      assert.match((await host.run(["rkt", "attach", "--mode=stdout", "talk"])).stderr, /Cannot attach to stdout: .*\n.*rkt logs -f/);
      assert.match((await host.run(["rkt", "attach", "--mode=all", "talk"])).stderr, /Cannot attach by mode "all"/);
      await host.sh("mv /usr/bin/dtach /usr/bin/dtach.gone");
      const missing = await host.run(["rkt", "pod", "apply", "talk"]);
      await host.sh("systemctl stop rkt-pod@talk; systemctl start rkt-pod@talk || :");
      await waitForState(host, "talk", "failed");
      assert.equal(await property(host, "talk", "ExecMainStatus"), "203");
      await host.sh("mv /usr/bin/dtach.gone /usr/bin/dtach");
      assert.match(
        missing.stderr,
        /Cannot run app "talker" on a terminal: the host has no \/usr\/bin\/dtach, which keeps it\n.*Install the package dtach/,
      );
      await host.sh("systemctl start rkt-pod@talk");
    });

    await t.test("a pod that puts something else where its socket was leads nobody to the host's", async () => {
      await host.sh("mkdir -p /run/trap; systemd-run --unit=trap socat UNIX-LISTEN:/run/trap/socket,fork CREATE:/run/trap/reached");
      await waitFor(async () => ((await host.run(["test", "-S", "/run/trap/socket"])).status === 0 ? true : undefined), {
        what: "the trap",
      });
      const leader = await leaderOf(host, "talk");
      const inside = (script: string) => host.sh(`nsenter -t ${leader} -m -p sh -c '${script}'`);
      const attach = () => host.run(["timeout", "10", "rkt", "attach", "--mode=tty-out", "talk"]);
      await inside("cd /run/rkt/terminal/talker && mv socket kept && ln -s /run/trap/socket socket");
      assert.match((await attach()).stderr, /^attach: Cannot attach to app "talker": ELOOP/);
      await inside("cd /run/rkt/terminal && rm talker/socket && mkfifo talker/socket");
      assert.match((await attach()).stderr, /^attach: Cannot attach to app "talker": the socket.s place in the pod holds something else/);
      await inside("cd /run/rkt/terminal && mv talker kept && ln -s /run/trap talker");
      assert.match((await attach()).stderr, /^attach: Cannot attach to app "talker": (ELOOP|ENOTDIR)/);
      await inside("rm /run/rkt/terminal/talker && mkdir /run/rkt/terminal/talker");
      assert.match((await attach()).stderr, /^attach: Cannot attach to app "talker": it does not run/);
      assert.equal((await host.run(["test", "-e", "/run/trap/reached"])).status, 1);
      await host.sh("systemctl stop rkt-pod@talk");
    });
  });
});
