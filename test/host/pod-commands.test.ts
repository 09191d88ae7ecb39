import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";
import { waitFor } from "../lib/wait-for.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Neither bus nor systemd, and no privileges. */
const AS_MEMBER = [
  "unshare",
  "-m",
  "sh",
  "-c",
  'mount -t tmpfs none /run/dbus; mount -t tmpfs none /run/systemd; exec setpriv --reuid=member --regid=member --init-groups "$@"',
  "sh",
];

type Json = Record<string, unknown>;

function rkt(host: TestHost, ...argv: readonly string[]): Promise<Result> {
  return host.run(["rkt", ...argv]);
}

async function json<T = Json>(host: TestHost, ...argv: readonly string[]): Promise<T> {
  const { status, stdout, stderr } = await rkt(host, ...argv, "--format=json");
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as T;
}

/** Two calls are not at the same time. */
function withoutTimes(text: string): string {
  return text.replaceAll(/now|\d+ \w+ ago|"finished_at":\d+/g, "").replaceAll(/\t+/g, "\t");
}

/** Lines of `rkt status`. */
async function status(host: TestHost, name: string): Promise<Readonly<Record<string, string>>> {
  const text = await host.sh(`rkt status ${name}`);
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => [line.replace(/=.*/, ""), line.replace(/^[^=]*=/, "")]),
  );
}

async function prepare(host: TestHost): Promise<void> {
  await trustPublisher(host);
  await makeImage(host, { name: "box", app: { exec: ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"] } });
  await makeImage(host, { name: "fails", app: { exec: ["/bin/sh", "-c", "exit 3"] } });
  await makeImage(host, { name: "deaf", app: { exec: ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"] } });
  await applyPod(
    host,
    "web",
    "[Pod]\nNet=none\nVolume=data,kind=tmpfs\n[App web]\nImage=/root/images/box.aci\nMount=volume=data,target=/data\n[App aside]\nImage=/root/images/box.aci\n",
  );
  await applyPod(host, "fails", "[Pod]\nNet=none\n[App fails]\nImage=/root/images/fails.aci\n");
  await applyPod(host, "idle", "[Pod]\nNet=none\n[App idle]\nImage=/root/images/box.aci\n");
  await applyPod(host, "deaf", "[Pod]\nNet=none\n[App deaf]\nImage=/root/images/deaf.aci\nTimeoutStopSec=50s\n");
  await host.sh("systemctl start rkt-pod@web; systemctl start rkt-pod@fails || :; useradd -m -G rkt member; useradd stranger");
  await waitFor(async () => ((await status(host, "fails"))["state"] === "exited" ? true : undefined), { what: "the end of a pod" });
}

forEachSuite((suite) => {
  test("list, status, cat-manifest and pod list", { timeout: 240_000 }, async (t) => {
    await using host = await bootHost({ suite });
    await prepare(host);
    const uuid = await uuidOf(host, "web");
    assert.match(uuid, UUID);

    await t.test("list: its columns, with --full, without legend", async () => {
      const cells = (text: string) =>
        text
          .trimEnd()
          .split("\n")
          .map((line) => line.split(/\t+/));
      const [head = [], ...rows] = cells(await host.sh("rkt list"));
      assert.deepEqual(head, ["UUID", "APP", "IMAGE NAME", "STATE", "CREATED", "STARTED", "NETWORKS", "POD"]);
      const web = rows.find((row) => row.at(-1) === "web") ?? [];
      assert.deepEqual(web.slice(0, 4), [uuid.slice(0, 8), "web", "example.com/box:1", "running"]);
      assert.deepEqual(rows[rows.indexOf(web) + 1]?.slice(1, 3), ["aside", "example.com/box:1"]);
      assert.deepEqual(
        rows
          .map((row) => row[3])
          .filter(Boolean)
          .toSorted(),
        ["exited", "prepared", "prepared", "running"],
      );
      const full = cells(await host.sh("rkt list --full --no-legend")).find((row) => row.at(-1) === "web") ?? [];
      assert.equal(full[0], uuid);
      assert.match(full[3] ?? "", /^sha512-[0-9a-f]{12}$/);
      assert.match(full[5] ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.?\d* [+-]\d{4} /);
    });

    await t.test("list: the original's JSON, and what named pods have besides", async () => {
      const pods = await json<Json[]>(host, "list");
      const pod = pods.find((one) => one["name"] === uuid) ?? {};
      assert.deepEqual(Object.keys(pod).toSorted(), [
        "app_names",
        "apps",
        "created_at",
        "generation",
        "machine",
        "name",
        "pod_name",
        "started_at",
        "state",
        "unit",
      ]);
      assert.deepEqual(
        [pod["state"], pod["pod_name"], pod["machine"], pod["unit"]],
        ["running", "web", `rkt-${uuid}`, "rkt-pod@web.service"],
      );
      assert.deepEqual(pod["app_names"], ["web", "aside"]);
      const [app = {}] = pod["apps"] as Json[];
      assert.deepEqual([app["name"], app["state"]], ["web", "running"]);
      assert.match(String(app["image_id"]), /^sha512-[0-9a-f]{128}$/);
      assert.deepEqual(app["mounts"], [{ name: "data", container_path: "/data", read_only: false }]);
      assert.ok(
        Math.abs(Number(pod["started_at"]) - Date.now() / 1000) < 90 && Math.abs(Number(app["started_at"]) / 1e9 - Date.now() / 1000) < 90,
      );
      const failed = pods.find((one) => one["pod_name"] === "fails") ?? {};
      const [ended = {}] = failed["apps"] as Json[];
      assert.deepEqual([ended["state"], ended["exit_code"], (failed["last_run"] as Json)["result"]], ["exited", 3, "exit-code"]);
      assert.match((await rkt(host, "list", "--format=json-pretty")).stdout, /^\[\n\t\{\n\t\t"name": "/);
    });

    await t.test("list, status: aligned and coloured on a terminal, in the same words as in a pipe", async () => {
      // Colours as <32>.
      const show = ({ stdout }: Result): string =>
        stdout
          .replaceAll("\r", "")
          .replaceAll("\u001b[", "<")
          .replaceAll(/(<\d+)m/g, "$1>");
      const onTerminal = async (command: string, env: Readonly<Record<string, string>>): Promise<string> =>
        show(await host.run(["script", "--quiet", "--return", "--command", command, "/dev/null"], { env }));
      const wordsOf = (text: string): string =>
        withoutTimes(
          text
            .replaceAll(/<\d+>/g, "")
            .replaceAll(/[ \t]+/g, " ")
            .replaceAll(/ $/gm, ""),
        );
      const piped = await host.sh("rkt list");
      const shown = await onTerminal("rkt list", { TERM: "xterm" });
      assert.match(shown, /<32>running<0>/);
      assert.match(shown, /<31>exited<0>/, "a run that failed");
      assert.doesNotMatch(shown, /\t/);
      assert.equal(wordsOf(shown), wordsOf(piped));
      assert.match(await onTerminal("rkt status fails", { TERM: "xterm" }), /^state=<31>exited<0>$/m);
      for (const env of [{ TERM: "dumb" }, { TERM: "xterm", NO_COLOR: "1" }]) assert.doesNotMatch(await onTerminal("rkt list", env), /</);
      assert.doesNotMatch(show(await host.run(["rkt", "list"], { env: { TERM: "xterm", FORCE_COLOR: "1" } })), /</);
    });

    await t.test("list: members of group rkt need neither root nor D-Bus, and read lists and nothing else", async () => {
      for (const command of ["list", "image list", "list --format=json"]) {
        const mine = await host.run([...AS_MEMBER, "rkt", ...command.split(" ")]);
        assert.deepEqual([mine.status, mine.stderr], [0, ""], command);
        assert.equal(withoutTimes(mine.stdout), withoutTimes(await host.sh(`rkt ${command}`)), command);
      }
      assert.match((await host.run([...AS_MEMBER, "rkt", "status", "fails"])).stdout, /^app-fails=3$/m);
      for (const command of ["enter web true", "stop web", "rm idle", "gc", "pod apply web"]) {
        const refused = await host.run([...AS_MEMBER, "rkt", ...command.split(" ")]);
        assert.deepEqual([refused.status, refused.stdout], [254, ""], command);
        assert.match(refused.stderr, /: cannot run as unprivileged user\n/, command);
      }
      const forbidden = [
        "/var/lib/rkt/cas/tree",
        "/var/lib/rkt/cas/blob",
        `/var/lib/rkt/pods/named/${uuid}/rw`,
        `/var/lib/rkt/pods/named/${uuid}/gen/*/stage1`,
      ];
      for (const path of forbidden) assert.notEqual((await host.run([...AS_MEMBER, "sh", "-c", `ls ${path}`])).status, 0, path);
      assert.notEqual((await host.run([...AS_MEMBER, "rkt", "logs", "web"])).status, 0);
      assert.equal((await host.run([...AS_MEMBER, "sh", "-c", "find /var/lib/rkt /run/rkt -writable ! -type l 2>/dev/null"])).stdout, "");
    });

    await t.test("list: others read nothing", async () => {
      const other = await host.run(["setpriv", "--reuid=stranger", "--clear-groups", "rkt", "list"]);
      assert.deepEqual([other.status, other.stdout], [254, ""]);
      assert.match(other.stderr, /^list: Cannot read "\/var\/lib\/rkt\/.*": permission denied\n {2}.*group rkt/);
    });

    await t.test("status: its lines and JSON", async () => {
      const lines = await status(host, "web");
      const leader = (
        await host.sh(`machinectl show -P Leader rkt-${uuid} 2>/dev/null || machinectl show --value -p Leader rkt-${uuid}`)
      ).trim();
      assert.deepEqual(Object.keys(lines), ["state", "created", "started", "pid", "timeline", "exited", "name", "uuid", "generation"]);
      assert.deepEqual(
        [lines["state"], lines["pid"], lines["exited"], lines["name"], lines["uuid"]],
        ["running", leader, "false", "web", uuid],
      );
      const failed = await status(host, "fails");
      assert.deepEqual(
        [failed["state"], failed["exited"], failed["result"], failed["app-fails"], failed["pid"]],
        ["exited", "true", "exit-code", "3", undefined],
      );
      assert.equal((await status(host, "idle"))["state"], "prepared");
      const pod = await json(host, "status", "web");
      assert.deepEqual([pod["name"], pod["pid"], pod["out_of_date"]], [uuid, Number(leader), false]);
    });

    await t.test("status: --wait and --wait-ready", async () => {
      assert.equal((await rkt(host, "status", "--wait=50ms", "web")).stdout.split("\n")[0], "state=running");
      assert.equal((await rkt(host, "status", "--wait=false", "web")).status, 0);
      const waiting = rkt(host, "status", "--wait", "idle");
      assert.equal((await waiting).stdout.split("\n")[0], "state=prepared", "what does not run has ended");
      await host.sh("systemctl start --no-block rkt-pod@idle");
      assert.equal((await rkt(host, "status", "--wait-ready=30s", "idle")).stdout.split("\n")[0], "state=running");
      for (const option of [
        "--wait-ready",
        "--wait-ready=-1s",
        "--wait-ready=true",
        "--wait-ready=1000h",
        "--wait-ready=false",
        "--wait=F",
      ]) {
        assert.equal((await rkt(host, "status", option, "idle")).stdout.split("\n")[0], "state=running", option);
      }
      assert.match((await rkt(host, "status", "--wait=soon", "idle")).stderr, /^status: Cannot use --wait="soon": it is no duration\n/);
      const end = rkt(host, "status", "--wait=-1", "idle");
      await host.sh("systemctl stop rkt-pod@idle");
      assert.equal((await end).stdout.split("\n")[0], "state=exited");
    });

    await t.test("pods are named by name, UUID, prefix and file", async () => {
      await host.write("/root/uuid", `${uuid}\n`);
      for (const name of ["web", uuid, uuid.slice(0, 8), uuid.toUpperCase(), uuid.replaceAll("-", ""), "--uuid-file=/root/uuid"]) {
        assert.match((await rkt(host, "status", name)).stdout, /^name=web$/m, name);
      }
      const twin = `${uuid.slice(0, -1)}${uuid.endsWith("0") ? "1" : "0"}`;
      await host.sh(`cd /var/lib/rkt/pods/named && cp -a ${uuid} ${twin} && echo twin >${twin}/name`);
      const ambiguous = await rkt(host, "status", uuid.slice(0, 8));
      assert.equal(ambiguous.status, 254);
      assert.match(
        ambiguous.stderr,
        new RegExp(
          `^status: Cannot find pod "${uuid.slice(0, 8)}": it is ambiguous\n  It matches ${twin < uuid ? "" : ""}.*${uuid} \\(web\\)`,
        ),
      );
      assert.match(ambiguous.stderr, new RegExp(`${twin} \\(twin\\)`));
      await host.sh(`rm -r /var/lib/rkt/pods/named/${twin}`);
    });

    await t.test("exit statuses: 2 without a command, 1 for an unreadable UUID file, else 254", async () => {
      const statuses: Record<string, number> = {
        "": 2,
        "no-such-command": 2,
        "status no-such-pod": 254,
        status: 254,
        "status --no-such-option web": 254,
        "list --format=xml": 254,
      };
      statuses["status --uuid-file=/nowhere"] = 1;
      statuses["stop --uuid-file=/nowhere"] = 1;
      for (const [command, expected] of Object.entries(statuses)) {
        const result = await rkt(host, ...command.split(" ").filter((word) => word !== ""));
        assert.deepEqual([result.status, result.stdout], [expected, ""], command);
        assert.notEqual(result.stderr, "", command);
      }
    });

    await t.test("cat-manifest by name and UUID", async () => {
      const text = await host.sh("rkt cat-manifest web");
      const manifest = JSON.parse(text) as Json;
      assert.deepEqual([manifest["acKind"], (manifest["apps"] as Json[]).map((app) => app["name"])], ["PodManifest", ["web", "aside"]]);
      assert.equal(await host.sh(`rkt cat-manifest ${uuid}`), text);
      assert.equal((await host.sh("rkt cat-manifest --pretty-print=false web")).split("\n").length, 2);
    });

    await t.test("pod list tells whether declaration and applied pod agree", async () => {
      await host.write("/etc/rkt/pods.d/fresh.pod", "[Pod]\nNet=none\n[App fresh]\nImage=/root/images/box.aci\n");
      await host.write("/etc/rkt/pods.d/broken.pod", "[Pod]\nNot=known\n");
      await host.sh("sed -i 's/Net=none/Net=host/' /etc/rkt/pods.d/fails.pod; rm /etc/rkt/pods.d/idle.pod");
      const rows = await json<Json[]>(host, "pod", "list");
      const states = Object.fromEntries(rows.map((row) => [row["name"], row["state"]]));
      assert.deepEqual(states, {
        broken: "invalid",
        deaf: "applied",
        fails: "out of date",
        fresh: "declared",
        idle: "not declared",
        web: "applied",
      });
      assert.match(await host.sh("rkt pod list"), /^POD\t+UUID\t+DECLARATION\t+STATE\t+GENERATION\n/);
    });
  });

  test("stop, rm, gc and machinectl end pods", { timeout: 240_000 }, async (t) => {
    await using host = await bootHost({ suite });
    await prepare(host);
    const uuid = await uuidOf(host, "web");

    await t.test("a pod that machined has lost runs on, and status says so", async () => {
      await host.sh(
        `busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager UnregisterMachine s rkt-${uuid}`,
      );
      const lost = await rkt(host, "status", "web");
      assert.deepEqual([lost.status, lost.stdout.split("\n")[0]], [0, "state=running"]);
      assert.match(lost.stderr, /Pod "web" runs, but systemd-machined does not know it/);
      await host.sh("systemctl stop rkt-pod@web && systemctl start rkt-pod@web");
      assert.equal((await rkt(host, "status", "web")).stderr, "");
    });

    await t.test("rm refuses what runs, and goes on with the rest", async () => {
      const idle = await uuidOf(host, "idle");
      const result = await rkt(host, "rm", "web", "nothing", "idle");
      assert.deepEqual([result.status, result.stdout], [254, `"${idle}"\n`]);
      assert.match(result.stderr, /^rm: Cannot remove pod "web": it runs\n(.*\n)*rm: Cannot find pod "nothing"/);
      assert.equal((await status(host, "web"))["state"], "running");
      assert.doesNotMatch(await host.sh("rkt list"), /idle/);
    });

    await t.test("gc keeps the generation that runs, the applied one and the one before", async () => {
      const generations = async () => (await host.sh(`ls /var/lib/rkt/pods/named/${uuid}/gen`)).trim().split("\n").length;
      for (const name of ["one", "two", "three"])
        await applyPod(host, "web", `[Pod]\nNet=none\nHostname=${name}\n[App web]\nImage=/root/images/box.aci\n`);
      await host.sh("rkt gc");
      assert.equal(await generations(), 3);
      await host.sh(`rkt stop web >/dev/null && rkt gc`);
      assert.equal(await generations(), 2);
      await host.sh("systemctl start rkt-pod@web");
    });

    await t.test("stop by name, by file, of what has stopped", async () => {
      assert.deepEqual(await rkt(host, "stop", "web"), { status: 0, stdout: `"${uuid}"\n`, stderr: "" });
      const again = await rkt(host, "stop", uuid);
      assert.deepEqual(again, { status: 0, stdout: "", stderr: `pod "${uuid}" is already stopped\n` });
      assert.deepEqual([(await status(host, "web"))["result"], (await status(host, "web"))["app-web"]], ["success", "0"]);
      await host.sh(`systemctl start rkt-pod@web; echo ${uuid} >/root/uuid; rkt stop --uuid-file=/root/uuid`);
      const mixed = await rkt(host, "stop", "nothing", "web");
      assert.equal(mixed.status, 254);
      assert.match(mixed.stderr, /^stop: Cannot find pod "nothing"[^]*already stopped\n/);
    });

    await t.test("stop --force does not wait for the apps", async () => {
      await host.sh("systemctl start rkt-pod@deaf");
      const before = Date.now();
      assert.equal((await rkt(host, "stop", "--force", "deaf")).status, 0);
      assert.ok(Date.now() - before < 15_000, "an app that ignores SIGTERM has 50 s");
      assert.equal((await status(host, "deaf"))["state"], "exited");
      assert.equal(await host.sh("machinectl list --no-legend; mount | grep deaf || :"), "");
    });

    const ways: Readonly<Record<string, RegExp>> = {
      poweroff: /^success$/,
      reboot: /^(success|exit-code)$/,
      terminate: /^success$/,
    };
    for (const [verb, expected] of Object.entries(ways)) {
      await t.test(`machinectl ${verb} ends a pod`, async () => {
        await host.sh("systemctl reset-failed rkt-pod@web 2>/dev/null || :; systemctl start rkt-pod@web");
        assert.match(
          await host.sh(`machinectl status --no-pager rkt-${uuid}`),
          new RegExp(`Service: rkt; class container[^]*Unit: rkt-pod@web.service`),
        );
        const ended = rkt(host, "status", "--wait=30s", "web");
        await host.sh(`machinectl ${verb} rkt-${uuid}`);
        assert.equal((await ended).stdout.split("\n")[0], "state=exited");
        const result = (await host.sh("systemctl show -P Result rkt-pod@web")).trim();
        assert.match(result, expected);
        assert.equal((await status(host, "web"))["result"], result);
        assert.equal(await host.sh("machinectl list --no-legend"), "");
      });
    }
  });
});
