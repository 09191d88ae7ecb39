import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, bootWithBox } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { waitFor } from "../lib/wait-for.ts";

const COUNT = 100;
const LONG = { timeout: 300_000 } as const;

interface Counts {
  readonly namespaces: number;
  readonly interfaces: number;
  readonly elements: number;
  readonly claims: number;
}

async function count(host: TestHost): Promise<Counts> {
  const text = await host.sh(`find /run/netns -name 'rkt-*' 2>/dev/null | wc -l; ip -o link | grep -c ': rktd' || :
    nft list map ip rkt ports | grep -o ' : 172[0-9.]* [.] ' | wc -l; find /var/lib/rkt/net -type f ! -name '.*' | wc -l`);
  const [namespaces = 0, interfaces = 0, elements = 0, claims = 0] = text.trim().split("\n").map(Number);
  return { namespaces, interfaces, elements, claims };
}

async function settled(host: TestHost, what: string, wanted: Counts): Promise<void> {
  let last: Counts | undefined;
  const check = async () => {
    last = await count(host);
    return JSON.stringify(last) === JSON.stringify(wanted) ? true : undefined;
  };
  await waitFor(check, { what, timeout: 60_000 }).catch(() => assert.deepEqual(last, wanted, what));
}

forEachSuite((suite) => {
  test(`${COUNT} pods, a third of them killed, a power loss: nothing of their networks is left`, async () => {
    await using host = await bootWithBox(suite, {
      app: { exec: ["/bin/sh", "-c", "while :; do sleep 1000; done"], ports: [{ name: "web", protocol: "tcp", port: 80 }] },
    });
    await host.sh(`sysctl -qw fs.inotify.max_user_instances=8192 || :
      for n in $(seq ${COUNT}); do printf '[Pod]\\nPort=web:%d\\nVolume=out,kind=empty\\n[App main]\\n${BOX_APP.replaceAll("\n", "\\n")}' $((7000 + n)) > /etc/rkt/pods.d/p$n.pod; done`);
    await host.sh("rkt pod apply 2>&1 | tail -3", LONG);
    const units = Array.from({ length: COUNT }, (_, index) => `rkt-pod@p${index + 1}`);
    const start = () => host.sh(`systemctl start ${units.join(" ")}`, LONG);
    const none: Counts = { namespaces: 0, interfaces: 0, elements: 0, claims: COUNT };
    await settled(host, "applied pods have addresses and nothing else", none);
    await start();
    await settled(host, "pods that run", { namespaces: COUNT, interfaces: COUNT, elements: COUNT, claims: COUNT });
    const killed = units.filter((_, index) => index % 3 === 0);
    await host.sh(`for unit in ${killed.join(" ")}; do kill -9 $(systemctl show -P MainPID $unit); done`, LONG);
    const rest = COUNT - killed.length;
    await settled(host, "a third was killed", { namespaces: rest, interfaces: rest, elements: rest, claims: COUNT });
    await host.crash();
    await settled(host, "after the power loss", none);
    await start();
    await host.sh(`systemctl stop ${units.join(" ")}`, LONG);
    await settled(host, "stopped", none);
    await host.sh("rm /etc/rkt/pods.d/*; for n in $(rkt pod list --no-legend | awk '{ print $1 }'); do rkt pod rm $n; done", LONG);
    await settled(host, "removed", { ...none, claims: 0 });
  });
});
