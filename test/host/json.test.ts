import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, uuidOf } from "../lib/pod-host.ts";
import { SCHEMAS } from "../lib/schema.ts";

type Json = Record<string, unknown>;

/** Validated by the host itself, as all JSON of rkt in tests. */
async function json<T = Json>(host: TestHost, command: string): Promise<T> {
  return JSON.parse(await host.sh(`rkt ${command}`)) as T;
}

forEachSuite((suite) => {
  test("whatever rkt prints as JSON is what its schemas say", async (t) => {
    await using host = await bootWithBox(suite);

    await t.test("the package brings the schemas", async () => {
      for (const file of readdirSync(SCHEMAS).filter((name) => name.endsWith(".json"))) {
        assert.equal(await host.read(`/usr/share/rkt/schema/${file}`), readFileSync(join(SCHEMAS, file), "utf8"));
      }
    });

    await t.test("of a host without pods", async () => {
      for (const command of ["list", "image list", "pod list", "top --interval=10ms"]) {
        assert.deepEqual(await json(host, `${command} --format=json`), [], command);
      }
    });

    const volumes = "Volume=kept,kind=state\nVolume=scratch,kind=empty\n";
    const mounts = "Mount=volume=kept,target=/kept\nMount=volume=scratch,target=/scratch";
    await applyPod(host, "net", `${BOX_POD}${volumes}${shellApp("main", "sleep 1000", mounts)}`);
    await applyPod(host, "both", `${BOX_POD}Net=default,default-restricted\n${shellApp("main", "sleep 1000")}`);
    await applyPod(host, "shared", `${BOX_POD}Net=host\n${shellApp("main", "sleep 1000")}`);
    await applyPod(host, "flying", "[Pod]\nStage1=fly\n[App main]\nImage=/root/images/box.aci\nExec=/bin/sleep 1000\n");
    await applyPod(host, "failed", `${BOX_POD}Net=none\n${shellApp("main", "exit 3")}`);
    await applyPod(host, "killed", `${BOX_POD}Net=none\n${shellApp("main", "kill -9 $$")}`);
    await applyPod(host, "fresh", `${BOX_POD}Net=none\n${shellApp("main", "exit 0")}`);
    await host.write("/etc/rkt/pods.d/wrong.pod", "[Pod]\nNo=such\n");
    await host.write("/etc/rkt/pods.d/declared.pod", await host.read("/etc/rkt/pods.d/fresh.pod"));
    await host.sh("systemctl start rkt-pod@net rkt-pod@both rkt-pod@shared rkt-pod@flying");
    for (const name of ["failed", "killed"]) await host.sh(`systemctl start rkt-pod@${name} || :; rkt status --wait ${name}`);
    await host.sh("rkt run --net=none /root/images/box.aci --user-label=tier=back --user-annotation=a=b; rkt prepare /root/images/box.aci");

    await t.test("of pods in every state", async () => {
      const pods = await json<Json[]>(host, "list --format=json-pretty");
      assert.deepEqual([...new Set(pods.map((pod) => pod["state"]))].toSorted(), ["exited", "prepared", "running"]);
      for (const pod of pods) await json(host, `status --format=json ${String(pod["name"])}`);
      const adHoc = pods.find((pod) => pod["pod_name"] === undefined && pod["state"] === "exited");
      const [app] = (adHoc?.["apps"] ?? []) as Json[];
      assert.deepEqual([app?.["user_labels"], app?.["user_annotations"]], [{ tier: "back" }, { a: "b" }]);
      const firstOf = (name: string): Json | undefined =>
        (pods.find((pod) => pod["pod_name"] === name)?.["apps"] as Json[] | undefined)?.[0];
      const codes = ["failed", "killed"].map((name) => firstOf(name)?.["exit_code"]);
      assert.deepEqual(codes, [3, 137]);
    });

    await t.test("of networks, with interface, address and mask as in the original", async () => {
      const pods = new Map((await json<Json[]>(host, "list --format=json")).map((pod) => [pod["pod_name"], pod["networks"] as Json[]]));
      const address = (await host.sh("rkt status net | sed -n 's/^networks=default:ip4=//p'")).trim();
      const [only = {}] = pods.get("net") ?? [];
      assert.deepEqual([only["netName"], only["ifName"], only["ip"], only["mask"]], ["default", "eth0", address, "255.255.252.0"]);
      const links = await host.sh(`ip -json addr show dev ${String(only["hostIfName"])}`);
      assert.match(links, /"ifname":/);
      assert.match(await host.sh("rkt enter net ip -o -4 addr show dev eth0"), new RegExp(`inet ${address.replaceAll(".", "\\.")}/22 `));
      assert.deepEqual(
        pods.get("both")?.map((network) => [network["netName"], network["ifName"], network["mask"]]),
        [
          ["default", "eth0", "255.255.252.0"],
          ["default-restricted", "eth1", "255.255.0.0"],
        ],
      );
      assert.deepEqual(pods.get("shared"), [{ netName: "host" }]);
      assert.equal(pods.get("failed"), undefined);
    });

    await t.test("of volumes, with the place on the host", async () => {
      const { apps } = await json<{ apps: { mounts: Json[] }[] }>(host, "status --format=json net");
      const places = new Map((apps[0]?.mounts ?? []).map((mount) => [mount["name"], String(mount["host_path"])]));
      assert.equal(places.get("out"), "/srv/out");
      assert.equal(places.get("kept"), "/var/lib/rkt/volumes/net/kept");
      await host.sh("rkt enter net touch /scratch/here /kept/here");
      await host.sh(`test -e ${places.get("scratch")}/here; test -e ${places.get("kept")}/here`);
    });

    await t.test("of declarations, images, keys and use", async () => {
      const rows = await json<Json[]>(host, "pod list --format=json");
      assert.deepEqual(Object.fromEntries(rows.map((row) => [row["name"], row["state"]])), {
        both: "applied",
        declared: "declared",
        failed: "applied",
        flying: "applied",
        fresh: "applied",
        killed: "applied",
        net: "applied",
        shared: "applied",
        wrong: "invalid",
      });
      assert.equal((await json<Json[]>(host, "image list --format=json-pretty")).length, 1);
      assert.equal((await json<Json[]>(host, "top --interval=100ms --format=json")).length, 4);
      await host.sh("mkdir -p /usr/lib/rkt/trustedkeys && cp -r /etc/rkt/trustedkeys/. /usr/lib/rkt/trustedkeys");
      await host.sh(
        "for key in /etc/rkt/trustedkeys/prefix.d/example.com/*; do : > $key; done; echo x > /etc/rkt/trustedkeys/root.d/$(printf %040d 1)",
      );
      const keys = await json<Json[]>(host, "trust list --format=json");
      assert.deepEqual(new Set(keys.map((key) => key["state"])), new Set(["masked", "refused"]));
    });

    await t.test("of manifests", async () => {
      await json(host, "image cat-manifest example.com/box");
      for (const pod of (await host.sh("rkt list --no-legend --full | sed -n 's/^\\([0-9a-f][^\\t]*\\).*/\\1/p'")).trim().split("\n")) {
        await json(host, `cat-manifest ${pod}`);
      }
    });

    await t.test("of a pod whose start was refused before any process of it ran", async () => {
      await host.sh("rm -r /run/rkt/verdicts/*; systemctl start rkt-pod@fresh || :");
      const { state, last_run: last } = await json<{ state: string; last_run: Json }>(host, "status --format=json fresh");
      assert.deepEqual([state, Object.keys(last).toSorted()], ["prepared", ["ended_at", "result"]]);
      await json(host, "list --format=json");
    });

    await t.test("a rkt that prints something else fails the test that calls it", async () => {
      const uuid = await uuidOf(host, "net");
      await host.write("/usr/local/bin/rkt", `#!/bin/sh\n/usr/bin/rkt "$@" | sed 's/"created_at"/"created"/'\n`, 0o755);
      await assert.rejects(host.run(["rkt", "list", "--format=json"]), /Not what list\.json says:\n[^]*created/);
      await assert.rejects(host.sh(`rkt status --format=json ${uuid}`), /Not what status\.json says/);
      await assert.rejects(host.sh("rkt list --format=json | cat"), /on its own/);
      await host.sh("rm /usr/local/bin/rkt");
      await json(host, "list --format=json");
    });
  });
});
