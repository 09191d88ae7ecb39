import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const KEYS = "/etc/rkt/trustedkeys";
const REFUSAL =
  /Cannot start pod "web": image "example.com\/web" may not run: its signer, key [0-9a-f]{40}, is not trusted for it \(.*rkt trust/;

forEachSuite((suite) => {
  let host: TestHost;
  let uuid = "";
  let fingerprint = "";
  let image = "";

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    fingerprint = (await host.sh(`ls ${KEYS}/prefix.d/example.com`)).trim();
    image = await makeImage(host, { name: "web", app: { exec: ["/bin/sleep", "infinity"] } });
    await applyPod(
      host,
      "web",
      `[Pod]\nNet=none\n[App web]\nImage=${image}\n[Socket web]\nListenStream=/run/web.sock\n[Install]\nWantedBy=multi-user.target\n`,
    );
    uuid = await uuidOf(host, "web");
  });
  after(() => host.end());

  const verdicts = async (): Promise<string[]> =>
    (await host.sh(`ls /run/rkt/verdicts/${uuid} 2>/dev/null || :`)).split("\n").filter(Boolean);
  const becomes = (state: "allowed" | "refused"): Promise<true> =>
    waitFor(
      async () => {
        const names = await verdicts();
        return names.length === 1 && (names[0] === "refused") === (state === "refused") ? true : undefined;
      },
      { what: `the pod to be ${state}` },
    );
  /** Standard error of a start that fails, as the unit's journal has it. */
  const failingStart = async (): Promise<string> => {
    const since = (await host.sh("date +%s")).trim();
    const { status } = await host.run(["systemctl", "start", "rkt-pod@web.service"]);
    assert.notEqual(status, 0);
    return await host.sh(`journalctl --sync; journalctl -o cat -u rkt-pod@web --since=@${since}`);
  };

  test("an apply writes the verdict on exactly the applied generation", async () => {
    const [digest = "", ...others] = await verdicts();
    assert.deepEqual(others, []);
    await host.sh(`test -d /var/lib/rkt/pods/named/${uuid}/gen/${digest}`);
    const verdict = JSON.parse(await host.read(`/run/rkt/verdicts/${uuid}/${digest}`)) as Record<string, unknown>;
    const [judged] = verdict["images"] as { name: string; fingerprint: string }[];
    assert.deepEqual([verdict["pod"], verdict["plan"], verdict["uuid"]], ["web", digest, uuid]);
    assert.deepEqual([judged?.name, judged?.fingerprint], ["example.com/web", fingerprint]);
  });

  test("trust rm: the running pod runs on, its sockets stop, the next start fails with a sentence; trusting it again allows it", async () => {
    await host.sh("systemctl start rkt-pod@web.socket rkt-pod@web.service");
    const removed = await host.run(["rkt", "trust", "rm", fingerprint]);
    assert.equal(removed.status, 0, removed.stderr);
    assert.match(removed.stderr, /^Removed key for prefix "example\.com"/);
    assert.match(removed.stderr, /Cannot start pod "web"/);
    assert.deepEqual(await verdicts(), ["refused"]);
    assert.equal((await host.sh("systemctl is-active rkt-pod@web.service rkt-pod@web.socket || :")).trim(), "active\ninactive");
    await host.sh("systemctl stop rkt-pod@web.service");
    const directory = `/var/lib/rkt/pods/named/${uuid}`;
    const before = await host.sh(`touch ${directory}/rw.last/kept; cat ${directory}/started; stat -c %Y ${directory}/started`);
    assert.match(await failingStart(), REFUSAL);
    assert.equal((await host.sh("systemctl show -P Result rkt-pod@web")).trim(), "exit-code");
    // It was no run: nothing of the last one is lost, and no app has ended.
    assert.equal(
      await host.sh(`ls ${directory}/rw.last/kept; cat ${directory}/started; stat -c %Y ${directory}/started`),
      `${directory}/rw.last/kept\n${before}`,
    );
    assert.equal(await host.sh(`cat ${directory}/last`), "exit-code - -\n");
    await host.sh("rkt trust --prefix=example.com --skip-fingerprint-review /root/key.asc");
    assert.equal((await verdicts()).includes("refused"), false);
    await host.sh("systemctl start rkt-pod@web.service && systemctl stop rkt-pod@web.service");
  });

  test("a key file that is deleted, put back, or given away by hand is noticed, also below a nested prefix", async () => {
    const top = `${KEYS}/prefix.d/example.com`;
    const nested = `${top}/web`;
    await host.sh(`mv ${top}/${fingerprint} /root/kept`);
    await becomes("refused");
    // A directory of its own that nobody watched before.
    await host.sh(`mkdir ${nested} && cp /root/kept ${nested}/${fingerprint}`);
    await becomes("allowed");
    await host.sh(`chown nobody ${nested}/${fingerprint}`);
    await becomes("refused");
    assert.match(await failingStart(), /Cannot trust keys under ".*": it does not belong to root/);
    await host.sh(`chown root ${nested}/${fingerprint}`);
    await becomes("allowed");
    await host.sh(`rm ${nested}/${fingerprint}`);
    await becomes("refused");
    await host.sh(
      `mkdir -p /usr/lib/rkt/trustedkeys/prefix.d/example.com && cp /root/kept /usr/lib/rkt/trustedkeys/prefix.d/example.com/${fingerprint}`,
    );
    await becomes("allowed");
    // An empty local file masks the distribution's.
    await host.sh(`: >${top}/${fingerprint}`);
    await becomes("refused");
    await host.sh(`rm -r ${top}/${fingerprint} ${nested}`);
    await becomes("allowed");
    await host.sh(`rm -r /usr/lib/rkt/trustedkeys/prefix.d`);
    await becomes("refused");
    await host.sh("rkt trust --prefix=example.com/web --skip-fingerprint-review /root/key.asc");
    assert.equal((await verdicts()).includes("refused"), false);
  });

  test("a run that crashes takes every verdict away; one that could not be executed leaves them and is tried again", async () => {
    // Nothing that a refusal could be said of: a record is no file.
    const record = "/var/lib/rkt/cas/image/sha512-$(printf %0128d 0).json";
    await host.sh(`mkdir ${record}`);
    const judged = await host.run(["rkt", "pod", "judge"]);
    assert.equal(judged.status, 254);
    assert.match(judged.stderr, /Cannot decide which pods may run, so none may start: .*\n +Repair that and run/);
    assert.deepEqual(await verdicts(), []);
    assert.match(await failingStart(), /Cannot start pod "web": there is no verdict on its images; "rkt pod apply web" makes one/);
    await host.sh(`rmdir ${record} && rkt pod judge`);
    await becomes("allowed");

    const dropIn = "/run/systemd/system/rkt-verdicts.service.d/test.conf";
    await host.write(dropIn, "[Service]\nRestart=no\nExecStart=\nExecStart=/nonexistent\n");
    assert.notEqual((await host.run(["sh", "-c", "systemctl daemon-reload; systemctl start rkt-verdicts.service"])).status, 0);
    await becomes("allowed");
    await host.write(dropIn, "[Service]\nRestart=no\nExecStart=\nExecStart=/bin/sh -c 'kill -KILL $$$$'\n");
    assert.notEqual((await host.run(["sh", "-c", "systemctl daemon-reload; systemctl start rkt-verdicts.service"])).status, 0);
    assert.deepEqual(await verdicts(), []);
    await host.write(dropIn, "[Service]\nRestartSec=100ms\n");
    await host.sh("systemctl daemon-reload; rkt pod judge; mv /usr/lib/rkt/bin/node /usr/lib/rkt/bin/gone");
    await host.run(["systemctl", "start", "rkt-verdicts.service"]);
    await becomes("allowed");
    await host.sh("mv /usr/lib/rkt/bin/gone /usr/lib/rkt/bin/node");
    await waitFor(
      async () => ((await host.sh("systemctl show -P Result,ActiveState rkt-verdicts")).includes("success") ? true : undefined),
      {
        what: "the next try",
      },
    );
    await host.sh(`rm ${dropIn} && systemctl daemon-reload`);
    await becomes("allowed");
  });

  test("verdicts are made anew at boot, by the keys of that day, and nested prefixes are watched from then on", async () => {
    const [digest = ""] = await verdicts();
    await host.sh("systemctl enable rkt-pod@web.service");
    const decidedAt = async (): Promise<number> =>
      (JSON.parse(await host.read(`/run/rkt/verdicts/${uuid}/${digest}`)) as { decidedAt: number }).decidedAt;
    const before = await decidedAt();
    await host.reboot();
    assert.ok((await decidedAt()) > before);
    await waitFor(async () => ((await host.run(["systemctl", "is-active", "rkt-pod@web.service"])).status === 0 ? true : undefined), {
      what: "the enabled pod",
    });
    assert.match(
      await host.sh("systemctl list-units --plain --no-legend 'rkt-verdicts@*'"),
      /prefix\.d-example\.com-web\.path +loaded active waiting/,
    );
    await host.sh(`rm ${KEYS}/prefix.d/example.com/web/${fingerprint}`);
    await becomes("refused");
    await host.sh("systemctl is-active rkt-pod@web.service && systemctl disable rkt-pod@web.service");
    await host.crash();
    assert.deepEqual(await verdicts(), ["refused"]);
    assert.match(await failingStart(), REFUSAL);
  });
});
