import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { makeImage, trustPublisher } from "../lib/pod-host.ts";

/** What makes something whole for others to see, or takes it away. */
const CALLS = "rename,renameat,renameat2,fsync,fdatasync,syncfs,mkdir,mkdirat,unlink,unlinkat,rmdir,link,linkat";
const PROVIDE = "rkt pod apply --dry-run box";
/** Names, owners, modes, times, links and contents of a tree. */
const DIGEST = (tree: string): string => `tar --create --sort=name --numeric-owner --directory=${tree} rootfs | sha256sum`;

forEachSuite((suite) => {
  let host: TestHost;
  let aci = "";
  let id = "";
  let blob = "";

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    aci = await makeImage(host, {
      name: "box",
      app: { exec: ["/bin/sleep", "infinity"] },
      prepare: "find bin -type l ! -name sleep -delete; mkdir -p a/b; echo x >a/b/c; ln a/b/c d; mkfifo e",
    });
    id = `sha512-${(await host.sh(`sha512sum <${aci}`)).slice(0, 128)}`;
    blob = `blob/sha512/${id.slice(7, 9)}/${id}`;
    await host.write("/etc/rkt/pods.d/box.pod", `[Pod]\nNet=none\n[App box]\nImage=${aci}\n`);
    await host.sh(`${PROVIDE} >/dev/null; cd /var/lib/rkt/cas; ${DIGEST(`tree/${id}`)} >/root/digest`);
  });
  after(() => host.end());

  /** Each call of the command, as name and number: strace counts every name for itself, in every thread. */
  async function listPoints(command: string): Promise<{ call: string; number: number }[]> {
    const trace = await host.sh(`strace -f -qq -o /root/trace -e trace=${CALLS} ${command} >/dev/null && cat /root/trace`);
    const counts = new Map<string, number>();
    const points = [...trace.matchAll(/^(\d+) +(\w+)\(/gm)].map(([, thread = "", call = ""]) => {
      const key = `${thread} ${call}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { call, number: counts.get(key) ?? 0 };
    });
    return [...new Map(points.map((point) => [`${point.call} ${point.number}`, point])).values()];
  }

  /** Kills the command at each of its points, after the preparation; returns how many there were. */
  async function killEverywhere(command: string, prepare: string): Promise<number> {
    await host.sh(prepare);
    const points = await listPoints(command);
    for (const { call, number } of points) {
      const killed = await host.run([
        "sh",
        "-euc",
        `${prepare}; exec strace -f -qq -o /dev/null -e trace=${CALLS} -e inject=${call}:signal=SIGKILL:when=${number} ${command}`,
      ]);
      assert.equal(killed.status, 137, `${call} ${number}: ${killed.stderr}`);
      await checkWhole(`${command}, killed at ${call} number ${number}`);
    }
    return points.length;
  }

  /** What is there is whole, byte by byte; the next command completes it, and nothing of what was left stays. */
  async function checkWhole(when: string): Promise<void> {
    const found = await host.sh(`mkdir -p /var/lib/rkt/cas; cd /var/lib/rkt/cas
      if [ -e image/${id}.json ]; then tail -c 2 image/${id}.json | grep -qx '}'; cmp ${aci} ${blob}; fi
      if [ -e tree/${id} ]; then test -e tree/${id}/tree.json; [ "$(${DIGEST(`tree/${id}`)})" = "$(cat /root/digest)" ]; fi
      ${PROVIDE} >/dev/null
      cd /var/lib/rkt/cas; find tmp image blob -mindepth 1 ! -type d; ls tmp tree; ${DIGEST(`tree/${id}`)} | cmp - /root/digest; cmp ${aci} ${blob}`);
    assert.equal(found, `image/${id}.json\n${blob}\ntmp:\n\ntree:\n${id}\n`, when);
  }

  test("a fetch and a render that are killed at any point leave nothing that a later command takes for whole", async (t) => {
    const count = await killEverywhere(PROVIDE, "rm -rf /var/lib/rkt/cas");
    t.diagnostic(`killed at ${count} points`);
    assert.ok(count >= 20, String(count));
  });

  test("a removal that is killed at any point leaves the image whole or gone", async (t) => {
    const count = await killEverywhere(`rkt image rm ${id}`, `${PROVIDE} >/dev/null`);
    t.diagnostic(`killed at ${count} points`);
    assert.ok(count >= 6, String(count));
  });
});
