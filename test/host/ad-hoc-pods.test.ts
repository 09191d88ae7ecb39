import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { bootWithBox } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { waitFor } from "../lib/wait-for.ts";

const IMAGE = "example.com/box";
const sh = (script: string): readonly string[] => [IMAGE, "--exec=/bin/sh", "--", "-c", script];
const rkt = (...words: readonly string[]): readonly string[] => ["rkt", ...words];

async function states(host: TestHost): Promise<string[]> {
  const pods = JSON.parse(await host.sh("rkt list --format=json")) as { readonly state: string }[];
  return pods.map(({ state }) => state);
}

async function running(host: TestHost, file: string): Promise<string> {
  const ask = async () => {
    const result = await host.run(["sh", "-c", `rkt status --uuid-file=${file} && cat ${file}`]);
    return /^state=running$/m.test(result.stdout) && /^pid=/m.test(result.stdout) ? result.stdout.trim().split("\n").at(-1) : undefined;
  };
  return waitFor(ask, { what: "the pod to run" });
}

/** Resolves when the program has ended. */
function started(host: TestHost, argv: readonly string[]): Promise<unknown> {
  return once(host.spawn(argv, { stdio: "ignore" }), "exit");
}

/** Everything that ad-hoc pods leave. */
async function traces(host: TestHost): Promise<string> {
  return host.sh(`find /var/lib/rkt/pods -mindepth 2 -maxdepth 2 ! -path '*/gone/*'; ls /run/rkt/locks /run/rkt/net /run/netns /var/lib/rkt/net/* /var/lib/rkt/users 2>/dev/null \
    | grep -e - -e '^[0-9]' || :; systemctl list-units --all --plain --no-legend 'rkt-run-*' 'rkt-clean-*'; machinectl list --no-legend`);
}

forEachSuite((suite) => {
  test("ad-hoc pods", async (t) => {
    await using host = await bootWithBox(suite);
    await host.sh("rkt fetch /root/images/box.aci");

    await t.test("the app's bytes are rkt's output, its status rkt's, and its lines stand in the journal", async () => {
      const result = await host.run(rkt("run", "--net=none", "--uuid-file-save=/tmp/u1", ...sh("printf 'a\\tb\\n'; echo err >&2; exit 7")));
      assert.deepEqual([result.stdout, result.stderr, result.status], ["a\tb\n", "err\n", 7]);
      assert.match(await host.sh("journalctl -q -o cat -m _MACHINE_ID=$(tr -d -- - < /tmp/u1) -t box | sort"), /a\tb\nerr\n/);
      assert.match(await host.sh("rkt status --uuid-file=/tmp/u1"), /^state=exited$[\s\S]*^app-box=7$/m);
      // Nobody waits for it any more.
      assert.equal(await host.sh('stat -c %s "/var/lib/rkt/pods/run/$(cat /tmp/u1)/launcher"'), "0\n");
    });

    await t.test("a UUID that cannot be saved, a program that is missing: nothing starts, and the option is named", async () => {
      const unsaved = await host.run(rkt("run", "--net=none", "--uuid-file-save=/root/none/x", ...sh("true")));
      assert.match(
        unsaved.stderr,
        /^run: Cannot write the UUID of the pod to "\/root\/none\/x": its directory is missing\n.*--uuid-file-save/,
      );
      const program = await host.run(rkt("run", "--net=none", IMAGE, "--exec=/none"));
      assert.match(program.stderr, /^run: Cannot run app "box": the image has no program "\/none"\n +Check --exec/);
      assert.deepEqual([unsaved.status, program.status], [254, 254]);
    });

    await t.test("a long output arrives whole", async () => {
      const result = await host.run(rkt("run", "--net=none", ...sh("seq 1 20000")));
      assert.equal(result.stdout, `${Array.from({ length: 20_000 }, (_, index) => index + 1).join("\n")}\n`);
      assert.equal(result.status, 0);
    });

    await t.test("SIGTERM stops the pod in order", async () => {
      const exited = started(
        host,
        rkt(
          "run",
          "--net=none",
          "--uuid-file-save=/tmp/u2",
          ...sh("trap 'echo got term; exit 3' TERM; echo waiting; while :; do sleep 1000 & wait; done"),
        ),
      );
      const uuid = await running(host, "/tmp/u2");
      await waitFor(async () => ((await host.sh(`rkt logs ${uuid}`)).includes("waiting") ? true : undefined), { what: "the app's trap" });
      // When it was ready PID 1 does not know: the unit says nothing.
      assert.match(await host.sh(`rkt status ${uuid}`), /^timeline=systemd 0 ms, engine \d+ ms, pod \d+ ms, app-box \d+ ms$/m);
      await host.sh(`pkill -TERM -f '${uuid}/[g]en/.*/wait'`);
      await exited;
      assert.match(await host.sh(`rkt logs ${uuid}`), /got term/);
      assert.match(await host.sh(`rkt status ${uuid}`), /^state=exited$/m);
    });

    await t.test("several apps, each with options and arguments of its own", async () => {
      const words = [...sh("echo one $V"), "---", IMAGE, "--name=second", "--exec=/bin/sh", "--environment=V=2", "--", "-c", "echo two $V"];
      const { stdout, status } = await host.run(rkt("run", "--net=none", "--set-env=V=1", ...words));
      assert.deepEqual([stdout.split("\n").toSorted(), status], [["", "one 1", "two 1"], 0]);
    });

    await t.test("prepare prints the UUID and nothing else; run-prepared runs it once", async () => {
      const prepared = await host.run(rkt("prepare", ...sh("hostname; exit 4")));
      assert.match(prepared.stdout, /^[0-9a-f-]{36}\n$/);
      const uuid = prepared.stdout.trim();
      const result = await host.run(rkt("run-prepared", "--net=none", "--hostname=prep", uuid.slice(0, 8)));
      assert.deepEqual([result.stdout, result.status], ["prep\n", 4]);
      assert.equal((await host.run(rkt("run-prepared", uuid))).status, 254);
    });

    await t.test("a pod manifest, as rkt cat-manifest prints it, runs again", async () => {
      await host.run(
        rkt(
          "run",
          "--net=none",
          "--uuid-file-save=/tmp/m",
          "--volume=v,kind=empty",
          ...sh("echo from a manifest; exit 8").toSpliced(1, 0, "--mount=volume=v,target=/v"),
        ),
      );
      await host.sh("rkt cat-manifest --uuid-file=/tmp/m > /tmp/manifest");
      const result = await host.run(rkt("run", "--net=none", "--pod-manifest=/tmp/manifest"));
      assert.deepEqual([result.stdout, result.status], ["from a manifest\n", 8], result.stderr);
    });

    await t.test("on a terminal ^C stops the pod, ^] three times kills it, and --interactive gives the app the terminal", async () => {
      // The keys are typed when the app says that it waits for them; the input ends when no pod runs any more.
      let count = 0;
      const typed = (keys: string, flags: string, script: string) => {
        count += 1;
        return host.sh(`runs() { rkt list --no-legend | grep -q running; }
          (until [ -e /srv/out/up${count} ]; do sleep 0.1; done; for key in ${keys}; do sleep 0.2; printf "$key"; done; while runs; do sleep 0.1; done) |
          { script -qec "exec rkt run --net=none --volume=out,kind=host,source=/srv/out ${flags} ${IMAGE} --exec=/bin/sh --mount=volume=out,target=/out -- -c 'trap : TERM; touch /out/up${count}; ${script}'" /dev/null || echo "status $?"; }`);
      };
      const loop = "while :; do sleep 1000 & wait; ";
      assert.match(await typed("'\\003'", "", `${loop} exit 9; done`), /status 9/);
      assert.match(await typed("'\\035' '\\035' '\\035'", "", `${loop} done`), /status 137/);
      assert.match(await typed("'\\004'", "--interactive", "tty; cat; exit 6"), /\/dev\/pts\/0[^]*status 6/);
    });

    await t.test("in a unit the engine is the main process, ready when the pod is, and no Node stays", async () => {
      const words = sh("echo up; while :; do sleep 1000 & wait; done");
      await host.sh(
        `systemd-run --quiet --unit=box --service-type=notify ${rkt("run", "--net=none", "--uuid-file-save=/tmp/u3", ...words)
          .map((word) => `'${word}'`)
          .join(" ")}`,
      );
      const uuid = (await host.read("/tmp/u3")).trim();
      assert.equal((await host.sh("cat /proc/$(systemctl show -P MainPID box)/comm")).trim(), "systemd-nspawn");
      const tree = await host.sh("systemctl status --no-pager box");
      for (const part of ["box.service", "systemd-journald.service", "/usr/lib/systemd/systemd"]) assert.ok(tree.includes(part), tree);
      assert.doesNotMatch(await host.sh("ps -eo args"), /rkt\/bin\/node/);
      assert.match(await host.sh("machinectl list --no-legend"), new RegExp(`rkt-${uuid}`));
      assert.match(await host.sh(`journalctl -q -o cat -M rkt-${uuid} -t box`), /^up$/m);
      await host.sh("systemctl stop box");
      const gone = async () => ((await host.sh("systemctl list-units --all --plain --no-legend 'rkt-clean-*'")) === "" ? true : undefined);
      await waitFor(gone, { what: "the clean-up" });
      assert.match(await host.sh(`rkt status ${uuid}`), /^state=exited$/m);
      const foreign = `rkt run --net=none --uuid-file-save=/tmp/u4 ${IMAGE} --exec=/bin/sh -- -c 'sleep 1000'`;
      await host.sh(`systemd-run --quiet --unit=killed --service-type=notify ${foreign}
        systemctl kill --signal=KILL killed`);
      await waitFor(gone, { what: "the clean-up" });
      const killed = JSON.parse(await host.sh("rkt status --format=json --uuid-file=/tmp/u4")) as { readonly last_run: object };
      assert.partialDeepStrictEqual(killed.last_run, { code: "killed", status: "KILL" });
    });

    await t.test("what is not trusted does not run, and leaves nothing", async () => {
      await host.sh("rm -r /etc/rkt/trustedkeys/prefix.d/example.com");
      const before = await traces(host);
      const result = await host.run(rkt("run", "--net=none", ...sh("echo never")));
      assert.deepEqual([result.stdout, result.status], ["", 254]);
      assert.match(result.stderr, /not trusted/);
      assert.equal(await traces(host), before);
      assert.equal((await host.run(rkt("run", "--insecure-options=image", "--net=none", ...sh("echo told")))).stdout, "told\n");
      await host.sh("rkt trust --prefix=example.com --skip-fingerprint-review /root/key.asc");
    });

    await t.test("gc marks first, keeps for a while, spares what runs, and then leaves no trace", async () => {
      const exited = started(host, rkt("run", "--private-users", "--uuid-file-save=/tmp/u4", ...sh("while :; do sleep 1000 & wait; done")));
      const uuid = await running(host, "/tmp/u4");
      await host.sh("rkt prepare example.com/box >/tmp/u5");
      await host.sh("rkt gc --mark-only");
      assert.deepEqual([...new Set(await states(host))].toSorted(), ["exited garbage", "prepared", "running"]);
      assert.match((await host.run(rkt("gc"))).stderr, /not removed: still within grace period/);
      assert.equal((await host.run(rkt("rm", uuid))).status, 254);
      await host.sh("rkt gc --grace-period=0s");
      assert.deepEqual((await states(host)).toSorted(), ["prepared", "running"]);
      await host.sh(`rkt stop ${uuid}`);
      await exited;
      await host.sh(`rkt rm $(cat /tmp/u5); rkt gc --grace-period=0s --expire-prepared=0s`);
      assert.deepEqual(await states(host), []);
      assert.equal(await traces(host), "");
    });

    await t.test("a pod that cannot be removed keeps no other from it, and gc says so", async () => {
      await host.sh(`for file in /tmp/u7 /tmp/u8; do rkt run --net=none --uuid-file-save=$file ${IMAGE} --exec=/bin/true; done
        mount -t tmpfs none "/var/lib/rkt/pods/run/$(cat /tmp/u7)/rw.last"`);
      const uuid = (await host.read("/tmp/u7")).trim();
      const result = await host.run(rkt("gc", "--grace-period=0s"));
      assert.match(
        result.stderr,
        new RegExp(`^gc: Cannot remove "/var/lib/rkt/pods/garbage/${uuid}/rw\\.last": something is mounted there$`, "m"),
      );
      assert.equal(result.status, 254);
      assert.equal(await host.sh("find /var/lib/rkt/pods/*garbage -mindepth 1 -maxdepth 1 -printf '%f\\n'"), `${uuid}\n`);
      await host.sh(`umount /var/lib/rkt/pods/garbage/${uuid}/rw.last; rkt gc --grace-period=0s`);
      assert.equal(await traces(host), "");
    });

    await t.test("a pod whose engine and waiter were killed is collected like any other", async () => {
      const exited = started(host, rkt("run", "--uuid-file-save=/tmp/u6", ...sh("while :; do sleep 1000 & wait; done")));
      const uuid = await running(host, "/tmp/u6");
      await host.sh(`pkill -KILL -f '${uuid}/[g]en/.*/wait'; systemctl kill --signal=KILL rkt-run-${uuid}.service`);
      await exited;
      const clean = async () => {
        await host.sh("rkt gc --grace-period=0s");
        return (await traces(host)) === "" ? true : undefined;
      };
      await waitFor(clean, { what: "nothing to be left of the killed pod" });
    });
  });
});
