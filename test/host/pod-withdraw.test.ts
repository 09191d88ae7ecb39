import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";

const FILES = "/etc/rkt/pods.d";
const ATTACHED = "/etc/systemd/system.attached";
const INSTALL = "[Install]\nWantedBy=multi-user.target\n";

forEachSuite((suite) => {
  let host: TestHost;
  let image = "";
  const pod = (more = ""): string =>
    `[Pod]\nNet=none\nVolume=data,kind=state\n[App main]\nImage=${image}\nMount=volume=data,target=/data\n${more}`;
  const rkt = (...argv: string[]): Promise<Result> => host.run(["rkt", ...argv]);
  const exists = async (path: string): Promise<boolean> => (await host.run(["test", "-e", path])).status === 0;
  const state = async (name: string): Promise<string | undefined> =>
    (JSON.parse(await host.sh("rkt pod list --format=json")) as { name: string; state: string }[]).find((row) => row.name === name)?.state;

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    image = await makeImage(host, { name: "box", app: { exec: ["/bin/sh", "-c", "date >>/data/runs; exec sleep infinity"] } });
    await applyPod(host, "stays", pod());
  });
  after(() => host.end());

  test("a stopped pod that is declared no more is disabled, then un-applied; data and UUID stay, and come back with it", async () => {
    const text = pod(`[Socket web]\nListenStream=/run/gone.sock\n${INSTALL}`);
    await applyPod(host, "gone", text);
    const uuid = await uuidOf(host, "gone");
    await host.sh(
      "systemctl enable --quiet rkt-pod@gone.service rkt-pod@gone.socket; systemctl start rkt-pod@gone.service rkt-pod@gone.socket",
    );
    await host.sh(`systemctl stop rkt-pod@gone.service; rm ${FILES}/gone.pod`);
    assert.equal(await state("gone"), "not declared");
    assert.match((await rkt("pod", "apply", "--dry-run")).stdout, /^gone: not declared any more, would be un-applied$/m);
    // By name nothing is un-applied.
    await host.sh("rkt pod apply stays");
    assert.equal(await state("gone"), "not declared");
    const { status, stdout } = await rkt("pod", "apply");
    assert.equal(status, 0);
    assert.match(
      stdout,
      new RegExp(
        `^gone: not declared any more, un-applied; its data and UUID ${uuid} are kept\\n  remove them with: rkt pod rm gone$`,
        "m",
      ),
    );
    assert.equal(await state("gone"), "un-applied");
    const links = await host.sh("find /etc/systemd/system /run/systemd/system -name 'rkt-pod@gone*'");
    assert.equal(links, "");
    assert.equal(await exists(`${ATTACHED}/rkt-pod@gone.service.d`), false);
    assert.equal(await exists(`${ATTACHED}/rkt-pod@gone.socket`), false);
    assert.equal((await host.sh("systemctl is-active rkt-pod@gone.socket || :")).trim(), "inactive");
    assert.equal(await exists(`/run/rkt/verdicts/${uuid}`), false);
    assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@gone"])).status, 0);
    assert.match(
      await host.sh("journalctl --sync; journalctl -o cat -u rkt-pod@gone"),
      /it is not applied; "rkt pod apply gone" does that/,
    );
    assert.equal(await exists("/var/lib/rkt/volumes/gone/data/runs"), true);
    await applyPod(host, "gone", text);
    assert.equal(await uuidOf(host, "gone"), uuid);
    await host.sh("systemctl start rkt-pod@gone && systemctl stop rkt-pod@gone");
    assert.equal((await host.read("/var/lib/rkt/volumes/gone/data/runs")).trim().split("\n").length, 2);
  });

  test("a pod that runs is kept, with a word; once it is stopped it goes", async () => {
    await applyPod(host, "runs", pod());
    await host.sh(`systemctl start rkt-pod@runs; rm ${FILES}/runs.pod`);
    const { stdout, stderr } = await rkt("pod", "apply");
    assert.doesNotMatch(stdout, /^runs:/m);
    assert.match(
      stderr,
      /^runs: not declared any more, but still applied: it runs; stop it with "systemctl stop rkt-pod@runs" and apply again$/m,
    );
    await host.sh("systemctl restart rkt-pod@runs && systemctl stop rkt-pod@runs");
    assert.match((await rkt("pod", "apply")).stdout, /^runs: not declared any more, un-applied/m);
  });

  test("nothing is un-applied where no declaration is left at all, but with --prune", async () => {
    await host.sh(`rkt pod apply; mv ${FILES} /etc/rkt/away`);
    const kept = async (): Promise<void> => {
      const { stdout, stderr } = await rkt("pod", "apply");
      assert.equal(stdout, "");
      assert.match(stderr, /^stays: not declared any more, but still applied: no pod is declared at all; with --prune it is un-applied$/m);
      assert.equal(await state("stays"), "not declared");
    };
    await kept();
    await host.sh(`mkdir ${FILES}`);
    await kept();
    assert.match((await rkt("pod", "apply", "--prune")).stdout, /^stays: not declared any more, un-applied/m);
    await host.sh(`rmdir ${FILES}; mv /etc/rkt/away ${FILES}; rkt pod apply`);
    assert.equal(await state("stays"), "applied");
  });

  test("pod rm removes a stopped pod with its data; not one that runs; its declaration makes a new one", async () => {
    await applyPod(host, "removed", pod(INSTALL));
    const uuid = await uuidOf(host, "removed");
    await host.sh("systemctl enable --quiet --now rkt-pod@removed");
    const refused = await rkt("pod", "rm", "removed");
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /Cannot remove pod "removed": it runs[^]*systemctl stop rkt-pod@removed\.service/);
    await host.sh("systemctl stop rkt-pod@removed");
    const { status, stdout } = await rkt("pod", "rm", "removed");
    assert.deepEqual([status, stdout], [0, `"${uuid}"\n`]);
    const left = await host.sh(
      `find /var/lib/rkt/pods/named /var/lib/rkt/volumes /run/rkt ${ATTACHED} /etc/systemd/system -name '*${uuid}*' -o -name '*removed*'`,
    );
    assert.equal(left, "");
    assert.equal(await exists(`/var/log/journal/${uuid.replaceAll("-", "")}`), true);
    assert.equal(await state("removed"), "declared");
    await host.sh("rkt pod apply removed");
    assert.notEqual(await uuidOf(host, "removed"), uuid);
  });

  test("an image that is gone or changed: the pod runs on, the next start fails with a sentence, an apply brings it back", async () => {
    const own = await makeImage(host, { name: "own", app: { exec: ["/bin/sleep", "infinity"] } });
    await applyPod(host, "imaged", `[Pod]\nNet=none\n[App main]\nImage=${own}\n`);
    const used = await rkt("image", "rm", "example.com/own");
    assert.notEqual(used.status, 0);
    assert.match(used.stderr, /imaged/);
    const record = (await host.sh("grep -l example.com/own /var/lib/rkt/cas/image/*.json")).trim();
    await host.sh(`systemctl start rkt-pod@imaged; mv ${record} /root/record; rkt pod judge || :`);
    assert.equal((await host.sh("systemctl is-active rkt-pod@imaged")).trim(), "active");
    assert.notEqual((await host.run(["systemctl", "restart", "rkt-pod@imaged"])).status, 0);
    const lines = await host.sh("journalctl --sync; journalctl -o cat -u rkt-pod@imaged");
    assert.match(lines, /Cannot start pod "imaged": image "example\.com\/own" .* is not in the store any more \(.*rkt pod apply/);
    await host.sh("rkt pod apply imaged; systemctl start rkt-pod@imaged; systemctl stop rkt-pod@imaged");
    const before = await host.sh("rkt pod list --format=json");
    await makeImage(host, { name: "own", files: { "etc/new": "content" }, app: { exec: ["/bin/sleep", "infinity"] } });
    assert.equal(await host.sh("rkt pod list --format=json"), before);
    const { stdout } = await rkt("pod", "apply", "imaged");
    assert.match(
      stdout,
      /^imaged: applied .*was [0-9a-f]{12}\)\n {2}image example\.com\/own of app main: sha512-[0-9a-f]{12} → sha512-[0-9a-f]{12}$/m,
    );
  });
});
