import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, compileStatic, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import { signalInside } from "../lib/run.ts";
import { waitFor } from "../lib/wait-for.ts";

/** Speaks the journal's own protocol, as any app may: fields of its choice, a message of several lines. */
const FORGER = `
#include <string.h>
#include <stdint.h>
#include <endian.h>
#include <sys/socket.h>
#include <sys/un.h>
static char buffer[4096]; static size_t used;
static void plain(const char *text) { memcpy(buffer + used, text, strlen(text)); used += strlen(text); }
static void field(const char *name, const char *value) {
  uint64_t length = htole64(strlen(value));
  plain(name); plain("\\n"); memcpy(buffer + used, &length, 8); used += 8; plain(value); plain("\\n");
}
int main(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
  field("MESSAGE", "first \\033[2J\\nJan 01 00:00:00 systemd[1]: forged \\302\\233 \\342\\200\\256 line");
  field("SYSLOG_IDENTIFIER", "evil\\033]0;title\\a\\nsecond");
  plain("_PID=1\\n_MACHINE_ID=00000000000000000000000000000001\\n_SYSTEMD_UNIT=other.service\\n__REALTIME_TIMESTAMP=1\\nRKT_POD_UUID=forged\\n");
  return sendto(socket(AF_UNIX, SOCK_DGRAM, 0), buffer, used, 0, (void *)&to, sizeof to) == (ssize_t)used ? 0 : 1;
}
`;

const TALK = "echo hello out; echo hello err >&2; exec sleep infinity";
const HOSTILE = `/bin/forge; logger -t "$(printf 'tag\\033[1m')" "$(printf 'sys\\033[31mlog')"; printf '\\033[2Jclear\\r\\377\\n'
  head -c 100000 /dev/zero | tr '\\0' x; echo; echo end of hostile; exec sleep infinity`;

/** Whatever is in a line of output: tabs, and nothing else that a terminal would obey. */
const CLEAN = /^[\t\n\x20-\x7e\u00a1-\uffff]*$/;

async function prepare(host: TestHost): Promise<string> {
  await trustPublisher(host);
  await makeImage(host, { name: "talk", app: { exec: ["/bin/sh", "-c", TALK] } });
  await applyPod(
    host,
    "talk",
    "[Pod]\nNet=none\n[App left]\nImage=/root/images/talk.aci\n[App right]\nImage=/root/images/talk.aci\nArgs=-c 'echo only right; exec sleep infinity'\n",
  );
  await host.sh("systemctl start rkt-pod@talk");
  return await uuidOf(host, "talk");
}

/** Waits until both apps have spoken in this run (the journal is written by another process than theirs). */
async function spoken(host: TestHost, times: number): Promise<void> {
  await waitFor(async () => ((await host.sh("rkt logs talk")).split("hello err\n").length > times ? true : undefined), {
    what: "the apps' lines",
  });
}

async function checkRunning(host: TestHost, uuid: string): Promise<void> {
  await spoken(host, 1);
  const all = await host.sh(`journalctl --no-pager -q -M rkt-${uuid} -o cat`);
  for (const line of ["hello out", "hello err", "only right"]) assert.ok(all.includes(`${line}\n`), all);
  assert.equal(await host.sh(`journalctl --no-pager -q -M rkt-${uuid} -t left -o cat`), "hello out\nhello err\n");
  assert.equal(await host.sh(`journalctl --no-pager -q -M rkt-${uuid} -t right -o cat`), "only right\n");
}

async function checkEnded(host: TestHost, uuid: string): Promise<void> {
  const machine = uuid.replaceAll("-", "");
  await host.sh("systemctl stop rkt-pod@talk");
  // Right after the stop, as the README's session does it.
  assert.match(await host.sh(`journalctl --no-pager -q -m _MACHINE_ID=${machine} -n 3`), /(.*\n){3}/);
  assert.equal(await host.sh(`journalctl --no-pager -q -m _MACHINE_ID=${machine} -t left -o cat`), "hello out\nhello err\n");
  await host.sh("systemctl start rkt-pod@talk");
  await spoken(host, 2);
  await host.sh("systemctl stop rkt-pod@talk");
}

function messages(output: string): string[] {
  return output
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^\w{3} \d\d \d\d:\d\d:\d\d /, "").replace(/\[\d+\]: /, ": "));
}

forEachSuite((suite) => {
  test("what apps write is in the journal while the pod runs and after it", { timeout: 240_000 }, async (t) => {
    await using host = await bootHost({ suite });
    const uuid = await prepare(host);
    await t.test("journalctl -M and -t while it runs", () => checkRunning(host, uuid));
    await t.test("journalctl -m after it has ended", () => checkEnded(host, uuid));

    await t.test("rkt logs: all runs, by name, UUID and prefix, one app, the last lines", async () => {
      const all = messages(await host.sh("rkt logs --app=left talk"));
      assert.deepEqual(all, ["left: hello out", "left: hello err", "left: hello out", "left: hello err"]);
      assert.deepEqual(messages(await host.sh(`rkt logs -n 1 --app=right ${uuid}`)), ["right: only right"]);
      assert.equal(messages(await host.sh(`rkt logs ${uuid.slice(0, 8)} -n 2`)).length, 2);
      const wrong = await host.run(["rkt", "logs", "--app=lefd", "talk"]);
      assert.deepEqual([wrong.status, wrong.stdout], [254, ""]);
      assert.match(wrong.stderr, /^logs: Cannot print lines of pod "talk": it has no app "lefd"\n.*left, right/);
      const no = await host.run(["rkt", "logs", "-n", "few", "talk"]);
      assert.deepEqual([no.status, no.stderr], [254, 'logs: Cannot print "few" lines: it is no number\n']);
    });

    await t.test("rkt logs: members of group rkt are told whose the journals are, and read them as members of that group too", async () => {
      await host.sh("useradd -G rkt lister");
      const refused = await host.run(["su", "lister", "-c", "rkt logs talk"]);
      assert.equal(refused.status, 254);
      assert.match(
        refused.stderr,
        /^logs: Cannot read the journal of pod "talk": permission denied\n +Journals are for root and for members of group systemd-journal\n$/,
      );
      await host.sh("usermod -a -G systemd-journal lister");
      assert.match(await host.sh("su lister -c 'rkt logs talk'"), /hello out/);
      await host.sh("userdel lister");
    });

    await t.test("rkt logs -f goes on until it is killed, and leaves nothing running", async () => {
      const child = host.spawn(["rkt", "logs", "-f", "-n", "1", "--app=left", "talk"], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      child.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString()));
      const ended = new Promise<void>((resolve) => void child.on("close", () => resolve()));
      await waitFor(() => (output.includes("hello err") ? true : undefined), { what: "the last line" });
      await host.sh("systemctl start rkt-pod@talk");
      await waitFor(() => (output.split("\n").length > 3 ? true : undefined), { what: "the lines to come" });
      assert.deepEqual(messages(output), ["left: hello err", "left: hello out", "left: hello err"]);
      signalInside(child, "SIGTERM");
      await ended;
      await waitFor(async () => ((await host.run(["pgrep", "-x", "journalctl"])).status === 1 ? true : undefined), {
        what: "the end of journalctl",
      });
    });

    await t.test("rkt's own events are structured, and explained by the catalog", async () => {
      const applied = await host.sh(`journalctl --no-pager -q -x RKT_POD_UUID=${uuid} SYSLOG_IDENTIFIER=rkt`);
      assert.match(applied, /rkt\[\d+\]: Applied pod talk/);
      assert.match(applied, /Subject: Pod talk was applied\n/);
      const [event] = (await host.sh(`journalctl --no-pager -q -o json RKT_POD_UUID=${uuid} RKT_EVENT=applied`)).trim().split("\n");
      const fields = JSON.parse(event ?? "") as Record<string, string>;
      assert.deepEqual([fields["RKT_POD_NAME"], fields["MESSAGE_ID"]?.length, fields["PRIORITY"]], ["talk", 32, "6"]);
    });

    await t.test("a removed pod's journal stays until gc, and is nobody else's", async () => {
      await host.sh("systemctl stop rkt-pod@talk; rm /etc/rkt/pods.d/talk.pod; rkt rm talk");
      assert.match(await host.sh(`journalctl --no-pager -q -x RKT_POD_UUID=${uuid} RKT_EVENT=removed`), /Removed pod talk/);
      assert.equal(messages(await host.sh(`rkt logs ${uuid} --app=right`)).length, 3);
      await host.sh("rkt gc --journal-keep=1d");
      assert.equal(messages(await host.sh(`rkt logs ${uuid} --app=right`)).length, 3);
      assert.match((await host.run(["rkt", "gc", "--journal-keep=0s"])).stderr, new RegExp(`removed the journal of pod ${uuid}`));
      assert.equal((await host.run(["rkt", "logs", uuid])).status, 254);
      assert.equal(await host.sh(`journalctl --no-pager -q -m _MACHINE_ID=${uuid.replaceAll("-", "")}`), "");
      assert.match(await host.sh("journalctl --no-pager -q -n 1"), /./);
    });

    await t.test("hostile lines are shown escaped, and none can pass for another", async () => {
      await makeImage(host, {
        name: "hostile",
        files: { "bin/forge": await compileStatic(FORGER) },
        app: { exec: ["/bin/sh", "-c", HOSTILE] },
      });
      await applyPod(host, "hostile", "[Pod]\nNet=none\n[App hostile]\nImage=/root/images/hostile.aci\n");
      await host.sh("systemctl start rkt-pod@hostile");
      const shown = await waitFor(
        async () => {
          const output = await host.sh("rkt logs hostile");
          return output.includes("end of hostile") ? output : undefined;
        },
        { what: "the hostile lines" },
      );
      assert.match(shown, CLEAN);
      const lines = messages(shown);
      assert.equal(
        shown
          .split("\n")
          .slice(0, -1)
          .filter((line) => !/^\w{3} \d\d \d\d:\d\d:\d\d \S+?(\[\d+\])?: /.test(line)).length,
        0,
        shown.slice(0, 2000),
      );
      assert.ok(
        lines.some((line) => line.includes("first \\x1b[2J")),
        lines.slice(0, 10).join("\n"),
      );
      assert.ok(
        lines.some((line) => line.startsWith("evil\\x1b]0;title\\x07\\nsecond") && line.includes("forged")),
        lines.slice(0, 10).join("\n"),
      );
      assert.ok(
        lines.some((line) => line.includes("sys\\x1b[31mlog")),
        lines.slice(0, 10).join("\n"),
      );
      assert.ok(
        lines.some((line) => line.startsWith("hostile: \\x1b[2Jclear")),
        lines.slice(0, 10).join("\n"),
      );
      assert.ok(
        lines
          .filter((line) => /^hostile: x+$/.test(line))
          .join("")
          .replace(/hostile: /g, "").length === 100_000,
        "the huge line is whole",
      );
      assert.equal(await host.sh("journalctl --no-pager -q RKT_POD_UUID=forged"), "", "no entry of a pod is in the host's own journal");
    });
  });

  test("a host without a persistent journal", { timeout: 240_000 }, async (t) => {
    await using host = await bootHost({ suite, journal: "volatile" });
    const uuid = await prepare(host);
    await t.test("journalctl -M and -t while it runs", () => checkRunning(host, uuid));
    await t.test("journalctl -m and rkt logs after it has ended", async () => {
      await checkEnded(host, uuid);
      assert.deepEqual(messages(await host.sh("rkt logs --app=right talk")), ["right: only right", "right: only right"]);
      assert.match(await host.sh("ls -d /run/log/journal/* && ! ls -d /var/log/journal/*"), new RegExp(uuid.replaceAll("-", "")));
    });
  });
});
