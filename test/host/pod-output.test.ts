import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, linesOf, property, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const LINES = 3000;
const MANY = `seq ${LINES}; exit $CODE`;

/** Starts the pod and waits until it has ended, several times; then reads all lines of the app at once. */
async function runTimes(host: TestHost, name: string, count: number): Promise<void> {
  await host.sh(`for i in $(seq ${count}); do systemctl start rkt-pod@${name} || :
    until state=$(systemctl show -P ActiveState rkt-pod@${name}); [ "$state" = inactive ] || [ "$state" = failed ]; do sleep 0.02; done; done`);
}

forEachSuite((suite) => {
  test("no line of an app's output is lost", async (t) => {
    await using host = await bootWithBox(suite, {
      prepare: "mkdir -p var/log/web && ln -s /dev/stdout var/log/web/access.log && ln -s /dev/stderr var/log/web/error.log",
    });

    for (const [output, code] of [
      ["journal", 0],
      ["journal", 4],
      ["pipe", 0],
      ["pipe", 4],
    ] as const) {
      await t.test(`${LINES} lines and exit ${code}, ten times, Output=${output}`, async () => {
        const name = `${output}${code}`;
        const service = "[Service]\nStartLimitIntervalSec=0\n";
        await applyPod(host, name, `${BOX_POD}Net=none\n${shellApp("main", MANY, `Environment=CODE=${code}\nOutput=${output}`)}${service}`);
        await runTimes(host, name, 10);
        assert.equal(await property(host, name, "ExecMainStatus"), String(code));
        const expected = Array.from({ length: 10 * LINES }, (_, index) => String((index % LINES) + 1));
        const lines = await linesOf(host, await uuidOf(host, name), "main");
        // journald itself writes an entry twice where a file becomes full in the middle of it.
        const seen = lines.filter((line, index) => line !== lines[index - 1]);
        assert.ok(lines.length - seen.length <= 2, `${lines.length - seen.length} lines twice`);
        assert.deepEqual(seen, expected);
      });
    }

    await t.test("an app that opens /dev/stdout and /dev/stderr, as root and as another user", async () => {
      const script =
        "echo one; echo two >/dev/stdout; echo three >/dev/stderr; echo four >/proc/self/fd/1; echo five >/var/log/web/access.log; echo six >&2; echo seven >>/var/log/web/error.log";
      const words = ["one", "two", "three", "four", "five", "six", "seven"];
      const apps =
        shellApp("root", script) +
        shellApp("user", script, "User=www") +
        shellApp("named", script, "User=www\nOutput=pipe\nReadOnlyRootFS=yes");
      await applyPod(host, "opens", `${BOX_POD}Net=none\nJob=yes\n${apps}`);
      await host.sh("systemctl start rkt-pod@opens");
      const uuid = await uuidOf(host, "opens");
      for (const app of ["root", "user", "named"]) assert.deepEqual(await linesOf(host, uuid, app), words);
    });

    await t.test("standard output and error of several apps arrive under their names, while they run", async () => {
      const apps =
        shellApp("a", "echo out-a; echo err-a >&2; exec sleep 1000", "Output=journal") + shellApp("a-b", "echo out-b; exec sleep 1000");
      await applyPod(host, "names", `${BOX_POD}Net=none\n${apps}`);
      await host.sh("systemctl start rkt-pod@names");
      const uuid = await uuidOf(host, "names");
      const read = (app: string) => host.sh(`journalctl -q -o cat -M rkt-${uuid} -t ${app}`);
      await waitFor(async () => ((await read("a-b")) === "out-b\n" && (await read("a")) === "out-a\nerr-a\n" ? true : undefined), {
        what: "the apps' lines",
      });
      assert.equal(await host.sh("rkt logs names --app=a | sed 's/.*: //'"), "out-a\nerr-a\n");
      await host.sh("systemctl stop rkt-pod@names");
    });

    await t.test("the last words of an app that is stopped", async () => {
      const script = 'trap "seq 500; exit 0" TERM; echo ready; while :; do sleep 1000 & wait; done';
      for (const output of ["journal", "pipe"]) {
        await applyPod(host, `last-${output}`, `${BOX_POD}Net=none\n${shellApp("main", script, `Output=${output}`)}`);
        await host.sh(`systemctl start rkt-pod@last-${output}`);
        const uuid = await uuidOf(host, `last-${output}`);
        await waitFor(async () => ((await linesOf(host, uuid, "main")).length === 1 ? true : undefined), { what: "the app" });
        await host.sh(`systemctl stop rkt-pod@last-${output}`);
        assert.equal((await linesOf(host, uuid, "main")).length, 501);
      }
    });
  });
});
