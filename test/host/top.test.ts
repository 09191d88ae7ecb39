import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod } from "../lib/pod-host.ts";

interface Used {
  readonly name: string;
  readonly pod_name?: string;
  readonly cpu_usage_usec?: number;
  readonly cpu_percent?: number;
}

forEachSuite((suite) => {
  test("top shows what pods and their apps use", async (t) => {
    await using host = await bootWithBox(suite);
    const measure = async (): Promise<(Used & { apps: Used[] })[]> =>
      JSON.parse(await host.sh("rkt top --interval=500ms --format=json")) as (Used & { apps: Used[] })[];
    await applyPod(host, "two", `${BOX_POD}Net=none\n${shellApp("busy", "while :; do :; done")}${shellApp("idle", "sleep 1000")}`);
    await applyPod(host, "flying", "[Pod]\nStage1=fly\n[App main]\nImage=/root/images/box.aci\nExec=/bin/sh -c 'while :; do :; done'\n");
    await applyPod(host, "ended", `${BOX_POD}Net=none\n${shellApp("main", "exit 0")}`);
    assert.equal(await host.sh("rkt top --once --interval=10ms --no-legend"), "");
    await host.sh("systemctl start rkt-pod@two rkt-pod@flying; systemctl start rkt-pod@ended || :; rkt status --wait ended");

    await t.test("by app, nspawn and fly alike, and only of what runs", async () => {
      const pods = new Map((await measure()).map((pod) => [pod.pod_name, pod]));
      assert.deepEqual([...pods.keys()].toSorted(), ["flying", "two"]);
      const [busy, idle] = pods.get("two")?.apps ?? [];
      assert.deepEqual([busy?.name, idle?.name], ["busy", "idle"]);
      // Two loops share what processors the host has with other tests.
      assert.ok((busy?.cpu_percent ?? 0) > 5, JSON.stringify(busy));
      assert.ok((idle?.cpu_percent ?? 100) < (busy?.cpu_percent ?? 0), JSON.stringify(idle));
      assert.ok((pods.get("two")?.cpu_usage_usec ?? 0) >= (busy?.cpu_usage_usec ?? 0));
      assert.ok((pods.get("flying")?.apps[0]?.cpu_percent ?? 0) > 5);
    });

    await t.test("as a table; a terminal gets it again and again", async () => {
      const table = await host.sh("rkt top --interval=100ms two");
      assert.match(
        table,
        /^UUID\s+APP\s+CPU\s+MEMORY\s+TASKS\s+READ\s+WRITTEN\s+POD\n[0-9a-f]{8}\s+\d+\.\d%[^\n]*\stwo\n\s+busy\s+\d[^\n]*\n\s+idle\s+\d+\.\d%/,
      );
      const watch = "timeout --foreground -s INT 4 rkt top --interval=100ms two";
      const live = await host.run(["script", "--quiet", "--return", "--command", watch, "/dev/null"]);
      assert.ok((live.stdout.match(/busy/g) ?? []).length > 2, live.stdout);
    });

    await t.test("status has the time line of the last start, in order, also of a pod that has failed", async () => {
      const steps = async (pod: string): Promise<{ step: string; ms: number }[]> =>
        (JSON.parse(await host.sh(`rkt status --format=json ${pod}`)) as { timeline: { step: string; ms: number }[] }).timeline;
      const two = await steps("two");
      assert.deepEqual(
        two.map(({ step }) => step),
        ["systemd", "engine", "pod", "app-busy", "app-idle", "ready"],
      );
      for (const [index, { ms }] of two.entries())
        assert.ok(ms >= (index === 0 ? 0 : (two[0]?.ms ?? 0)) && ms < 60_000, JSON.stringify(two));
      assert.match(
        await host.sh("rkt status two"),
        /^timeline=systemd 0 ms, engine \d+ ms, pod \d+ ms, app-busy \d+ ms, app-idle \d+ ms, ready \d+ ms$/m,
      );
      assert.deepEqual(
        (await steps("flying")).map(({ step }) => step),
        ["systemd", "engine", "app-main", "ready"],
      );
      await applyPod(host, "failed", `${BOX_POD}Net=none\n${shellApp("main", "exit 3")}`);
      await host.sh("systemctl start rkt-pod@failed || :; rkt status --wait failed");
      assert.deepEqual(
        (await steps("failed")).map(({ step }) => step).filter((step) => step !== "ready"),
        ["systemd", "engine"],
        "under load it may fail before it is ready",
      );
    });

    await t.test("a pod that does not run, and an interval that is none, are refused", async () => {
      const refused = await host.run(["rkt", "top", "ended"]);
      assert.deepEqual([refused.status, refused.stdout], [254, ""]);
      assert.match(refused.stderr, /^top: Cannot measure pod "ended": it is exited/);
      assert.match((await host.run(["rkt", "top", "--interval=0"])).stderr, /Cannot measure for "0"/);
    });
  });
});
