import assert from "node:assert/strict";
import { test } from "node:test";
import { property } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, compileStatic, makeImage, trustPublisher } from "../lib/pod-host.ts";
import { askDatagram, connect, SOCKET_APP } from "../lib/socket-app.ts";
import { waitFor } from "../lib/wait-for.ts";

const IMAGE = "Image=/root/images/echo.aci\n";
const LONG = "[App echo]\n" + IMAGE;
const POD = `[Pod]\nNet=none\n${LONG}`;
/** The app of this pod ends after a tenth of a second without work. */
const IDLE = `${POD}Args=100\n`;

async function bootWithEcho(suite: "bookworm" | "trixie"): Promise<TestHost> {
  const host = await bootHost({ suite });
  await trustPublisher(host);
  const ports = [{ name: "web", protocol: "tcp", port: 80, socketActivated: true }];
  await makeImage(host, {
    name: "echo",
    files: { "bin/echod": await compileStatic(SOCKET_APP) },
    app: { exec: ["/bin/echod", "-1"], user: "1000", group: "1000", ports },
  });
  return host;
}

async function rests(host: TestHost, name: string): Promise<void> {
  await waitFor(async () => ((await property(host, name, "ActiveState")) === "inactive" ? true : undefined), {
    what: `the end of ${name}`,
  });
}

async function stop(host: TestHost, name: string): Promise<void> {
  await host.sh(`systemctl stop rkt-pod@${name}.socket rkt-pod@${name}.service`);
}

function answer(...names: string[]): string {
  return `fds=${names.length} own=yes names=${names.join(":")}`;
}

/** systemd's order of descriptors differs between its versions. */
function sorted(line: string | undefined): string {
  return (line ?? "").replace(/names=(.*)/, (_, names: string) => `names=${names.split(":").toSorted().join(":")}`);
}

forEachSuite((suite) => {
  test("socket activation", async (t) => {
    await using host = await bootWithEcho(suite);

    await t.test("the first connection starts the pod, by IPv4, IPv6, a bare port and a path", async () => {
      const kinds: [listen: string, more: string, target: string | number, address: string][] = [
        ["127.0.0.1:7001", "", 7001, "127.0.0.1"],
        ["[::1]:7002", "", 7002, "::1"],
        ["7003", "", 7003, "127.0.0.1"],
        ["/run/echo.sock", "SocketMode=0600\n", "/run/echo.sock", ""],
      ];
      for (const [listen, more, target, address] of kinds) {
        await applyPod(host, "kind", `${POD}[Socket main]\nListenStream=${listen}\n${more}`);
        await host.sh("systemctl start rkt-pod@kind.socket");
        assert.equal(await property(host, "kind", "ActiveState"), "inactive");
        if (more !== "") assert.equal((await host.sh("stat -c %a /run/echo.sock")).trim(), "600");
        assert.deepEqual(await connect(host, target, { address }), [answer("main")], listen);
        if (listen === "7003") assert.deepEqual(await connect(host, target, { address: "::1" }), [answer("main")]);
        await stop(host, "kind");
        assert.match((await connect(host, target, { address })).join(), /^error (ECONNREFUSED|ENOENT)$/);
      }
    });

    await t.test("a datagram starts the pod and is answered", async () => {
      await applyPod(host, "udp", `${IDLE}[Socket dns]\nListenDatagram=127.0.0.1:7010\n`);
      await host.sh("systemctl start rkt-pod@udp.socket");
      for (let round = 0; round < 3; round++) {
        assert.equal(await askDatagram(host, 7010), answer("dns"));
        await rests(host, "udp");
      }
      await stop(host, "udp");
    });

    await t.test("each app of two gets exactly its own sockets; they are enabled, started and stopped together", async () => {
      const app = (name: string) => `[App ${name}]\n${IMAGE}`;
      const socket = (name: string, owner: string, listen: string) => `[Socket ${name}]\nApp=${owner}\nListenStream=${listen}\n`;
      const sockets = socket("http", "web", "7021") + socket("admin", "web", "/run/admin.sock") + socket("db", "data", "127.0.0.1:7022");
      await applyPod(host, "two", `[Pod]\nNet=none\n${app("web")}${app("data")}${sockets}`);
      const units = "rkt-pod@two.socket rkt-pod@two:admin.socket rkt-pod@two:db.socket";
      await host.sh(`systemctl enable --now rkt-pod@two.socket; systemctl is-enabled ${units}; systemctl is-active ${units}`);
      assert.equal(sorted((await connect(host, 7021))[0]), answer("admin", "http"));
      assert.equal(sorted((await connect(host, "/run/admin.sock"))[0]), answer("admin", "http"));
      assert.deepEqual(await connect(host, 7022), [answer("db")]);
      const stopped = await host.run(["rkt", "stop", "two"]);
      assert.equal(stopped.status, 0);
      assert.match(stopped.stderr, /^pod "two" is started again by connections to rkt-pod@two:db\.socket, which is not stopped$/m);
      await stop(host, "two");
      assert.equal((await host.run(["systemctl", "is-active", ...units.split(" ")])).stdout, "inactive\ninactive\ninactive\n");
      assert.deepEqual(await connect(host, 7022), ["error ECONNREFUSED"]);
      await host.sh("systemctl start rkt-pod@two.service");
      assert.deepEqual(await connect(host, 7022), [answer("db")]);
      await stop(host, "two");
      await host.sh("systemctl disable rkt-pod@two.socket");
      assert.equal((await host.run(["systemctl", "is-enabled", ...units.split(" ")])).stdout, "disabled\ndisabled\ndisabled\n");
    });

    await t.test("fifty connections at once against a stopped pod get fifty answers, with each network", async () => {
      for (const net of ["none", "host"]) {
        await applyPod(host, "storm", `[Pod]\nNet=${net}\n${LONG}[Socket main]\nListenStream=7030\n`);
        await host.sh("systemctl start rkt-pod@storm.socket");
        assert.deepEqual(await connect(host, 7030, { count: 50 }), Array(50).fill(answer("main")));
        await stop(host, "storm");
      }
    });

    await t.test("an app that ends when idle is started again by the next connection, twenty times in a row", async () => {
      await applyPod(host, "idle", `${IDLE}[Socket main]\nListenStream=7040\n`);
      await host.sh("systemctl start rkt-pod@idle.socket");
      for (let round = 0; round < 20; round++) {
        assert.deepEqual(await connect(host, 7040, { count: 5 }), Array(5).fill(answer("main")), `round ${round}`);
        // Odd rounds connect while the pod may be on its way out: that is where a connection would be lost.
        if (round % 2 === 0) await rests(host, "idle");
        else
          await waitFor(async () => ((await property(host, "idle", "ActiveState")) !== "active" ? true : undefined), {
            what: "the end",
            interval: 5,
          });
      }
      await stop(host, "idle");
    });

    await t.test("an app that ends when idle is started inside its pod as often as somebody connects", async () => {
      const app = (name: string, more: string) => `[App ${name}]\n${IMAGE}${more}`;
      const socket = (name: string, port: number) => `[Socket ${name}]\nApp=${name}\nListenStream=${port}\n`;
      const sockets = `${socket("brief", 7045)}${socket("long", 7046)}`;
      await applyPod(host, "brief", `[Pod]\nNet=none\n${app("brief", "Args=1\n")}${app("long", "")}${sockets}`);
      await host.sh("systemctl start rkt-pod@brief.socket rkt-pod@brief.service");
      const answers = await host.sh("for round in $(seq 60); do socat -u TCP:127.0.0.1:7045 -; done");
      assert.deepEqual(answers.split("\n"), [...Array(60).fill(answer("brief")), ""]);
      await stop(host, "brief");
    });

    await t.test("a pod whose socket cannot be opened has failed", async () => {
      await host.sh("systemd-run --unit=taken --socket-property=ListenStream=127.0.0.1:7055 /bin/true");
      await applyPod(host, "taken", `[Pod]\nNet=host\n${LONG}[Socket main]\nListenStream=127.0.0.1:7055\n`);
      await host.run(["systemctl", "start", "rkt-pod@taken.service"]);
      await waitFor(async () => ((await property(host, "taken", "ActiveState")) === "failed" ? true : undefined), { what: "the end" });
      assert.equal(await property(host, "taken", "ExecMainStatus"), "1");
      await host.sh("systemctl stop taken.socket");
    });

    await t.test("an address that another pod has is refused by name", async () => {
      await applyPod(host, "first", `${POD}[Socket main]\nListenStream=7056\n`);
      const apply = async (text: string) => {
        await host.write("/etc/rkt/pods.d/second.pod", text);
        return host.run(["rkt", "pod", "apply", "second"]);
      };
      const socket = await apply(`${POD}[Socket main]\nListenStream=127.0.0.1:7056\n`);
      assert.equal(socket.status, 254);
      assert.match(socket.stderr, /Cannot listen on tcp 127\.0\.0\.1:7056 for socket "main": pod "first" has it/);
      const port = await apply(`[Pod]\nNet=none\nPort=web:7056\n${LONG}`);
      assert.equal(port.status, 254);
      assert.match(port.stderr, /Cannot listen on tcp 7056 for socket "web": pod "first" has it/);
      const own = await apply(`${POD}[Socket main]\nListenStream=7057\n[Socket more]\nApp=echo\nListenDatagram=7056\n`);
      assert.equal(own.status, 0, own.stderr);
      assert.equal((await apply(`${POD}[Socket main]\nListenStream=7057\nListenDatagram=7056\n`)).status, 0);
      await host.sh("rkt pod rm first second; rm -f /etc/rkt/pods.d/first.pod /etc/rkt/pods.d/second.pod");
    });

    await t.test("a port of the image that is socketActivated works with Port=", async () => {
      await applyPod(host, "port", `[Pod]\nNet=none\nPort=web:7050\n${LONG}`);
      await host.sh("systemctl start rkt-pod@port.socket");
      assert.deepEqual(await connect(host, 7050, { count: 2 }), [answer("web"), answer("web")]);
      await stop(host, "port");
    });

    await t.test("Accept=yes is refused, with file and line", async () => {
      await host.write("/etc/rkt/pods.d/accept.pod", `${POD}[Socket main]\nListenStream=7060\nAccept=yes\n`);
      const { status, stderr } = await host.run(["rkt", "pod", "verify", "accept"]);
      assert.notEqual(status, 0);
      assert.match(stderr, /accept\.pod:7: .*Accept=yes/);
      await host.sh("rm /etc/rkt/pods.d/accept.pod");
    });

    await t.test("a server of the distribution takes the socket", async () => {
      await makeImage(host, {
        name: "nbd",
        app: { exec: ["/usr/bin/nbdkit", "--foreground", "memory", "1M"], user: "1000", group: "1000" },
        prepare:
          "plugin=$(find /usr/lib -name nbdkit-memory-plugin.so); cp --parents /usr/bin/nbdkit $plugin $(ldd /usr/bin/nbdkit $plugin | grep -o '/[^ :]*' | sort -u) .",
      });
      await applyPod(host, "nbd", "[Pod]\nNet=none\n[App nbd]\nImage=/root/images/nbd.aci\n[Socket nbd]\nListenStream=10809\n");
      await host.sh("systemctl start rkt-pod@nbd.socket");
      assert.equal(await host.sh("socat -t 20 - TCP:127.0.0.1:10809 < /dev/null | head -c 8"), "NBDMAGIC");
      await stop(host, "nbd");
    });

    await t.test("an enabled socket serves after a reboot", async () => {
      await applyPod(host, "boot", `${IDLE}[Socket main]\nListenStream=7070\n`);
      await host.sh("systemctl enable --now rkt-pod@boot.socket");
      assert.deepEqual(await connect(host, 7070), [answer("main")]);
      await host.reboot();
      assert.equal((await host.sh("systemctl is-active rkt-pod@boot.socket")).trim(), "active");
      assert.deepEqual(await connect(host, 7070), [answer("main")]);
    });

    await t.test("a pod without a verdict does not spin: it says why, a bounded number of times", async () => {
      await host.sh("systemctl stop rkt-pod@boot.service; rm /run/rkt/verdicts/*/[0-9a-f]*");
      const lines = await connect(host, 7070);
      assert.match(lines.join(), /error|nothing/);
      const ended = async () => ((await host.run(["systemctl", "is-active", "rkt-pod@boot.socket"])).status !== 0 ? true : undefined);
      await waitFor(ended, { what: "the end of the socket" });
      const starts = (await host.sh("journalctl -b --output=cat -t rkt-pod@boot | grep -c 'there is no verdict'")).trim();
      assert.match(await host.sh("journalctl -b --output=cat -t rkt-pod@boot"), /sockets are stopped: the pod failed 10 times in a row/);
      assert.deepEqual(await connect(host, 7070), ["error ECONNREFUSED"]);
      assert.ok(Number(starts) >= 1 && Number(starts) <= 20, `${starts} starts`);
      await host.sh(
        "rkt pod apply boot; systemctl reset-failed rkt-pod@boot.socket rkt-pod@boot.service; systemctl restart rkt-pod@boot.socket",
      );
      assert.deepEqual(await connect(host, 7070), [answer("main")]);
    });

    await t.test("when the key goes, the sockets are stopped and connections are refused", async () => {
      await host.sh("rm -r /etc/rkt/trustedkeys/prefix.d/*");
      await waitFor(async () => ((await host.run(["systemctl", "is-active", "rkt-pod@boot.socket"])).status !== 0 ? true : undefined), {
        what: "the end of the socket",
      });
      await host.sh("systemctl stop rkt-pod@boot.service");
      assert.deepEqual(await connect(host, 7070), ["error ECONNREFUSED"]);
      assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@boot.service"])).status, 0);
    });
  });
});
