import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, linesOf, property, shellApp, systemctlInside } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, makeImage, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const POD = `${BOX_POD}Net=none\n`;
const JOB = `${POD}Job=yes\n`;

/** What verify says of a declaration; nothing of it stays. */
async function verify(host: TestHost, declaration: string): Promise<{ readonly status: number; readonly text: string }> {
  await host.write("/tmp/check/checked.pod", declaration);
  const result = await host.run(["rkt", "pod", "verify", "/tmp/check/checked.pod"]);
  return { status: result.status, text: result.stdout + result.stderr };
}

forEachSuite((suite) => {
  test("keys of the pod file", async (t) => {
    await using host = await bootWithBox(suite);

    await t.test("[Unit], [Service] and [Install] reach the host's unit", async () => {
      const declaration =
        `[Unit]\nDescription=A box of 100%%\nWants=network-online.target\n${POD}${shellApp("main", "echo main >>/out/order; exec sleep 1000")}` +
        "[Service]\nExecStartPre=/bin/sh -c 'echo pre >>/srv/out/order'\nExecStartPost=/bin/sh -c 'echo post >>/srv/out/order'\n" +
        "ExecStopPost=/bin/sh -c 'echo stopped $SERVICE_RESULT >>/srv/out/order'\nNice=4\nOOMScoreAdjust=77\nCPUWeight=33\nTimeoutStartSec=44s\nTimeoutStopSec=55s\n" +
        "RuntimeMaxSec=1h\nSyslogIdentifier=boxes\nSlice=boxes.slice\n[Install]\nWantedBy=multi-user.target\n";
      await applyPod(host, "unit", declaration);
      await host.sh("systemctl enable --now rkt-pod@unit 2>/dev/null");
      await waitFor(async () => ((await host.read("/srv/out/order")).split("\n").length === 4 ? true : undefined), { what: "three lines" });
      const keys = [
        "Description",
        "CPUWeight",
        "TimeoutStartUSec",
        "TimeoutStopUSec",
        "RuntimeMaxUSec",
        "SyslogIdentifier",
        "Slice",
        "Nice",
        "OOMScoreAdjust",
        "UnitFileState",
      ];
      const shown = await host.sh(`systemctl show ${keys.map((key) => `-p ${key}`).join(" ")} rkt-pod@unit`);
      assert.deepEqual(shown.trim().split("\n").toSorted(), [
        "CPUWeight=33",
        "Description=A box of 100%",
        "Nice=4",
        "OOMScoreAdjust=77",
        "RuntimeMaxUSec=1h",
        "Slice=boxes.slice",
        "SyslogIdentifier=boxes",
        "TimeoutStartUSec=44s",
        "TimeoutStopUSec=55s",
        "UnitFileState=enabled",
      ]);
      await host.sh("systemctl disable --now rkt-pod@unit 2>/dev/null");
      const order = (await host.read("/srv/out/order")).trim().split("\n");
      assert.deepEqual([order[0], order.at(-1), order.length], ["pre", "stopped success", 4]);
    });

    await t.test("keys that are none, or not here, are refused with file, line and what to do", async () => {
      const app = "[App main]\nImage=x\n";
      for (const [declaration, wanted] of [
        [`[Pod]\nNet=none\n[App main]\nImagee=x\n`, /checked\.pod:4: Unknown key "Imagee=?"[^]*Image/],
        [`[Pod]\nNet=none\n${app}[Service]\nUser=www\n`, /checked\.pod:6: [^]*\[App/],
        [`[Pod]\nNet=none\n${app}[Service]\nExecStart=/bin/true\n`, /checked\.pod:6: /],
        [`[Pod]\nNet=none\n${app}[Service]\nType=simple\n`, /checked\.pod:6: /],
        [`[Pod]\nNet=none\n${app}[Service]\nDelegate=no\n`, /checked\.pod:6: /],
        [`[Pod]\nNet=mine\n${app}`, /checked\.pod:2: Cannot use "Net=mine": networks not found: "mine"/],
        [`[Pod]\nNet=default:IP=10.0.0.1\n${app}`, /checked\.pod:2: /],
        [`[Pod]\nNet=none\nStage1=rocket\n${app}`, /checked\.pod:3: [^]*nspawn/],
        [`[Pod]\nNet=none\n${app}Credential=x\n`, /checked\.pod:5: /],
        [`[Pod]\nNet=none\n${app}AppArmorProfile=x\n`, /checked\.pod:5: /],
        [`[Pod]\nNet=none\n[App Bad_Name]\nImage=x\n`, /checked\.pod:3: /],
        [`[Pod]\nNet=none\n`, /App/],
        [`[Pod]\nNet=none\n${app}CapabilityRetain=CAP_CHOWN\nCapabilityRemove=CAP_MKNOD\n`, /checked\.pod:\d: /],
        [`[Pod]\nNet=none\n${app}StopSignal=SIGNONE\n`, /checked\.pod:5: /],
        [`[Pod]\nNet=none\n${app}Memory=12q\n`, /checked\.pod:5: /],
        [`[Pod]\nNet=none\n${app}Restart=sometimes\n`, /checked\.pod:5: /],
        [`[Pod]\nNet=none\n${app}WorkingDirectory=relative\n`, /checked\.pod:5: /],
      ] as const) {
        const { status, text } = await verify(host, declaration);
        assert.notEqual(status, 0, `${declaration}\n${text}`);
        assert.match(text, wanted, declaration);
      }
    });

    await t.test("Notify=image follows the image's annotation", async () => {
      const annotations = [{ name: "appc.io/executor/supports-systemd-notify", value: "true" }];
      await makeImage(host, { name: "notifies", app: { exec: ["/bin/sleep", "1000"] }, annotations });
      await applyPod(host, "notifies", `${POD}[App main]\nImage=/root/images/notifies.aci\n`);
      await host.sh("systemctl start --no-block rkt-pod@notifies");
      const uuid = await uuidOf(host, "notifies");
      await waitFor(async () => ((await host.run(["machinectl", "show", `rkt-${uuid}`])).status === 0 ? true : undefined), {
        what: "the machine",
      });
      await waitFor(
        async () => ((await systemctlInside(host, "notifies", "show -P SubState main.service || :")) === "start\n" ? true : undefined),
        { what: "the app" },
      );
      assert.equal(await property(host, "notifies", "ActiveState"), "activating");
      await host.sh("systemctl stop rkt-pod@notifies");
    });

    await t.test("JournalMaxUse= bounds the pod's journal", async () => {
      await applyPod(
        host,
        "bounded",
        `${POD.replace("[Pod]", "[Pod]\nJournalMaxUse=4M")}Job=yes\n${shellApp("main", "seq 200000 | sed s/$/-some-longer-line-that-fills-the-journal-of-the-pod/ | head -c 12000000")}`,
      );
      await host.sh("systemctl start rkt-pod@bounded");
      const uuid = await uuidOf(host, "bounded");
      const kilobytes = Number(await host.sh(`du -sk /var/log/journal/${uuid.replaceAll("-", "")} | cut -f1`));
      assert.ok(kilobytes > 500 && kilobytes < 6000, `${kilobytes} kB`);
      assert.match((await linesOf(host, uuid, "main")).at(-1) ?? "", /^\d+-some/);
    });

    await t.test("Annotation= and Label= are in the manifest, UUID= is the pod's", async () => {
      const uuid = "5a0e9d0c-6e0f-4a7c-9f3b-1f0f5b0c7a11";
      const pod = POD.replace("[Pod]", `[Pod]\nUUID=${uuid}\nAnnotation=example.com/role=leader\nLabel=tier=one`);
      await applyPod(host, "marked", `${pod}Job=yes\n${shellApp("main", ":", "Annotation=example.com/part=app\nLabel=part=two")}`);
      assert.equal(await uuidOf(host, "marked"), uuid);
      const manifest = JSON.parse(await host.sh("rkt cat-manifest marked"));
      assert.deepEqual(manifest.userAnnotations, { "example.com/role": "leader" });
      assert.deepEqual(manifest.userLabels, { tier: "one" });
      assert.deepEqual(manifest.apps[0].userAnnotations ?? manifest.apps[0].app.userAnnotations, { "example.com/part": "app" });
      const own = (await host.read("/etc/machine-id")).trim().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
      await host.write("/etc/rkt/pods.d/stolen.pod", `${POD.replace("[Pod]", `[Pod]\nUUID=${own}`)}${shellApp("main", ":")}`);
      assert.notEqual((await host.run(["rkt", "pod", "apply", "stolen"])).status, 0);
      await host.sh("rm /etc/rkt/pods.d/stolen.pod");
    });

    await t.test("apps may be called as units of a usual system are", async () => {
      const names = ["dbus", "default", "init", "a", "a-b", "a-b-c", "rescue", `x${"-long".repeat(20)}`];
      await applyPod(host, "called", `${JOB}${names.map((name) => shellApp(name, "echo $AC_APP_NAME >>/out/called")).join("")}`);
      await host.sh("systemctl start rkt-pod@called");
      assert.deepEqual((await host.read("/srv/out/called")).trim().split("\n").toSorted(), names.toSorted());
      const status = await host.sh("rkt status called");
      for (const name of names) assert.ok(status.includes(`\napp-${name}=0\n`), `${name} in ${status}`);
    });

    await t.test("a pod that was never applied says so", async () => {
      assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@nobody"])).status, 0);
      assert.match(await host.sh("journalctl -q -o cat -u rkt-pod@nobody"), /rkt pod apply nobody/);
    });
  });
});
