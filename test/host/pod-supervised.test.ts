import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, property, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { providePackage } from "../lib/package.ts";
import { applyPod, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const INSTALL = "[Install]\nWantedBy=multi-user.target\n";
/** Says whether it found what the run before it left in its root. */
const LEAVES_MARK = "if [ -e /mark ]; then echo dirty; else echo clean; fi >>/out/runs; touch /mark; exec sleep infinity";

/** Runs a script while every exec of PID 1 and of all that it starts is noted; returns the programs. */
async function programsDuring(host: TestHost, script: string): Promise<string[]> {
  await host.sh(`strace -f -qq -s 4096 -e trace=execve,execveat -o /run/execs -p 1 2>/dev/null & tracer=$!
    until grep -q 'TracerPid:.[1-9]' /proc/1/status; do kill -0 $tracer; done
    ${script}
    kill $tracer; wait $tracer || :`);
  const trace = await host.read("/run/execs");
  return [...trace.matchAll(/execve(?:at\([^,]*, |\()"([^"]*)"/g)].map(([, path = ""]) => path);
}

function counted(programs: readonly string[]): string {
  return [...new Set(programs)]
    .toSorted()
    .map((path) => `${programs.filter((one) => one === path).length} × ${path}`)
    .join(", ");
}

forEachSuite((suite) => {
  let host: TestHost;
  before(async () => {
    host = await bootWithBox(suite);
    await applyPod(
      host,
      "web",
      `${BOX_POD}Net=none\n${shellApp("web", LEAVES_MARK)}[Service]\nRestart=on-failure\nRestartSec=100ms\n${INSTALL}`,
    );
  });
  after(() => host.end());
  const mainPid = (): Promise<string> => property(host, "web", "MainPID");
  const isActive = async (): Promise<true | undefined> => ((await property(host, "web", "ActiveState")) === "active" ? true : undefined);
  const runs = async (): Promise<string[]> => (await host.read("/srv/out/runs")).trim().split("\n");

  test("no program of ours takes part in start, restart and stop", async (t) => {
    const script = "systemctl start rkt-pod@web; systemctl restart rkt-pod@web; systemctl stop rkt-pod@web";
    const programs = await programsDuring(host, script);
    t.diagnostic(counted(programs));
    assert.equal(programs.filter((path) => path === "/usr/bin/systemd-nspawn").length, 2);
    assert.deepEqual(
      programs.filter((path) => /node|rkt/.test(path)),
      [],
    );
  });

  test("each start begins from a clean writable layer, and the UUID stays", async () => {
    const uuid = await uuidOf(host, "web");
    await host.sh(": >/srv/out/runs; systemctl start rkt-pod@web; systemctl restart rkt-pod@web; systemctl stop rkt-pod@web");
    assert.deepEqual(await runs(), ["clean", "clean"]);
    assert.equal(await uuidOf(host, "web"), uuid);
  });

  test("daemon-reload and daemon-reexec leave a running pod alone", async () => {
    await host.sh("systemctl start rkt-pod@web");
    const pid = await mainPid();
    await host.sh("systemctl daemon-reload && systemctl daemon-reexec && systemctl daemon-reload");
    assert.deepEqual([await mainPid(), await property(host, "web", "SubState")], [pid, "running"]);
    const uuid = await uuidOf(host, "web");
    assert.match(await host.sh("machinectl list --no-legend"), new RegExp(`^rkt-${uuid} +container +rkt`));
    assert.match(await host.sh("rkt status web"), /^state=running$/m);
    await host.sh("systemctl stop rkt-pod@web");
    assert.match(await host.sh("rkt status web"), /^result=success$/m);
  });

  test("enabled pods start at boot, by verdicts of that boot, also after a power loss in the middle of a run", async () => {
    const uuid = await uuidOf(host, "web");
    await host.sh("systemctl enable --quiet rkt-pod@web; systemctl start rkt-pod@web");
    const digest = (await host.read(`/var/lib/rkt/pods/named/${uuid}/started`)).trim();
    const decidedAt = async (): Promise<number> =>
      (JSON.parse(await host.read(`/run/rkt/verdicts/${uuid}/${digest}`)) as { decidedAt: number }).decidedAt;
    let before = await decidedAt();
    for (const boot of [() => host.reboot(), () => host.crash()]) {
      await boot();
      await waitFor(isActive, { what: "the enabled pod" });
      assert.ok((await decidedAt()) > before);
      before = await decidedAt();
      assert.equal(await uuidOf(host, "web"), uuid);
      assert.equal((await runs()).at(-1), "clean");
    }
    await host.sh("systemctl stop rkt-pod@web");
    // A power loss while it runs, and nobody starts it again: not running, and how it ended is not known.
    await host.sh("systemctl disable --quiet rkt-pod@web; systemctl start rkt-pod@web; sync");
    await host.crash();
    assert.match(await host.sh("rkt status web"), /^state=exited$[^]*^result=unknown$/m);
    assert.equal(await host.sh(`ls /var/lib/rkt/pods/named/${uuid} | grep -x rw || :`), "");
    await host.sh("systemctl start rkt-pod@web && systemctl stop rkt-pod@web");
  });

  test("a start without a verdict fails with the command that makes one; so does one of another generation", async () => {
    const uuid = await uuidOf(host, "web");
    const digest = (await host.read(`/var/lib/rkt/pods/named/${uuid}/started`)).trim();
    const fails = async (): Promise<void> => {
      assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@web"], { timeout: 10_000 })).status, 0);
      await host.sh("systemctl stop rkt-pod@web");
      const lines = await host.sh("journalctl --sync; journalctl -o cat -u rkt-pod@web -n 12");
      assert.match(lines, /^Cannot start pod "web": there is no verdict on its images; "rkt pod apply web" makes one$/m);
    };
    const directory = `/run/rkt/verdicts/${uuid}`;
    await host.sh(`mv ${directory}/${digest} ${directory}/${"0".repeat(64)}`);
    await fails();
    await host.sh(`rm -r ${directory}`);
    await fails();
    await host.sh(
      "rkt pod apply web; systemctl reset-failed rkt-pod@web 2>/dev/null || :; systemctl start rkt-pod@web && systemctl stop rkt-pod@web",
    );
  });
});

forEachSuite((suite) => {
  test("an upgrade of the package, to another format of plans, restarts no pod and keeps its generation startable", async () => {
    const old = await providePackage({ version: "1.9.0", defines: { RKT_PLAN_FORMAT: "0" } });
    await using host = await bootHost({ suite, rkt: old });
    await trustPublisher(host);
    await makeImage(host, { name: "box", app: { exec: ["/bin/sleep", "infinity"] } });
    await host.sh("mkdir -m 1777 /srv/out");
    await applyPod(host, "web", `${BOX_POD}Net=none\n[App web]\n${BOX_APP}Exec=/bin/sleep infinity\n`);
    await host.sh("systemctl start rkt-pod@web");
    const uuid = await uuidOf(host, "web");
    const directory = `/var/lib/rkt/pods/named/${uuid}`;
    const started = async (): Promise<string> => (await host.read(`${directory}/started`)).trim();
    const formatOf = async (digest: string): Promise<number> =>
      (JSON.parse(await host.read(`${directory}/gen/${digest}/plan.json`)) as { format: number }).format;
    const digest = await started();
    const pid = await property(host, "web", "MainPID");
    assert.deepEqual([await formatOf(digest), (await host.sh("rkt version")).includes("1.9.0")], [0, true]);

    await host.write("/root/new.deb", await readFile(await providePackage()));
    await host.sh("dpkg -i /root/new.deb >/dev/null 2>&1");
    assert.equal((await host.sh("rkt version")).includes("1.9.0"), false);
    assert.deepEqual([await property(host, "web", "MainPID"), await property(host, "web", "SubState")], [pid, "running"]);
    assert.match(await host.sh("rkt status web"), /^state=running$/m);
    await host.sh("systemctl restart rkt-pod@web");
    assert.equal(await started(), digest);
    await host.reboot();
    await host.sh("systemctl start rkt-pod@web");
    assert.equal(await started(), digest);

    const applied = await host.sh("rkt pod apply web");
    assert.match(applied, new RegExp(`^web: applied as rkt-${uuid} \\(generation [0-9a-f]{12}, was ${digest.slice(0, 12)}\\)$`, "m"));
    assert.equal(await started(), digest);
    await host.sh("systemctl restart rkt-pod@web");
    assert.equal(await formatOf(await started()), 1);
    await host.sh("rkt pod rollback web && systemctl restart rkt-pod@web");
    assert.equal(await started(), digest);
    await host.sh("systemctl stop rkt-pod@web");
  });
});
