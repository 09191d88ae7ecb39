import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";

const FILES = "/etc/rkt/pods.d";
const ATTACHED = "/etc/systemd/system.attached";
/**
 * Everything that an apply may touch: path, inode, time of the last change of content and of the inode. The store is left out: an
 * image that is named by its file is verified and taken in each time, and the store notes when.
 */
const PLACES = `/etc/rkt ${ATTACHED} /etc/systemd/system /var/lib/rkt/pods /var/lib/rkt/volumes /run/rkt`;
const SNAPSHOT = `find ${PLACES} -not -path '*/locks/*' -printf '%p %i %T@ %C@\\n' 2>/dev/null | sort`;

interface Row {
  readonly name: string;
  readonly uuid?: string;
  readonly state: string;
  readonly generation?: string;
}

forEachSuite((suite) => {
  let host: TestHost;
  let image = "";
  const pod = (more = "", app = ""): string => `[Pod]\nNet=none\n${more}[App main]\nImage=${image}\n${app}`;
  const declare = (name: string, text: string): Promise<void> => host.write(`${FILES}/${name}.pod`, text);
  const rkt = (...argv: string[]): Promise<Result> => host.run(["rkt", ...argv]);
  const row = async (name: string): Promise<Row | undefined> =>
    (JSON.parse(await host.sh("rkt pod list --format=json")) as Row[]).find((one) => one.name === name);
  const snapshot = (): Promise<string> => host.sh(SNAPSHOT);
  const reloads = async (): Promise<string> => host.sh("journalctl --sync; journalctl -o cat _PID=1 | grep -c '^Reloading' || :");

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    image = await makeImage(host, { name: "box", app: { exec: ["/bin/sleep", "infinity"] } });
  });
  after(() => host.end());

  test("an apply that is refused leaves nothing of the pod, and what was applied stays", async () => {
    const stranger = await makeImage(host, { name: "stranger", app: { exec: ["/bin/true"] } });
    await host.sh(`sed -i s,example.com/stranger,elsewhere.org/x, /root/images/stranger/manifest; cd /root/images/stranger
      tar -cf ${stranger} manifest rootfs; rm ${stranger}.asc; gpg --quiet --batch --armor --detach-sign --output ${stranger}.asc ${stranger}`);
    await declare("refused", `[Pod]\nNet=none\n[App main]\nImage=${stranger}\n`);
    const before = await host.sh(`find ${ATTACHED} /var/lib/rkt/pods /run/rkt/verdicts 2>/dev/null | sort || :`);
    const { status, stdout, stderr } = await rkt("pod", "apply", "refused");
    assert.deepEqual([status, stdout], [254, ""]);
    assert.match(stderr, /elsewhere\.org\/x.*not trusted/);
    assert.equal(await host.sh(`find ${ATTACHED} /var/lib/rkt/pods /run/rkt/verdicts 2>/dev/null | sort || :`), before);
    assert.equal((await row("refused"))?.state, "declared");
    await applyPod(host, "refused", pod());
    const applied = (await row("refused"))?.generation;
    await declare("refused", `[Pod]\nNet=none\n[App main]\nImage=${stranger}\n`);
    assert.equal((await rkt("pod", "apply", "refused")).status, 254);
    const now = await row("refused");
    assert.deepEqual([now?.generation, now?.state], [applied, "out of date"]);
    await host.sh(`rm ${FILES}/refused.pod; rkt pod rm refused`);
  });

  test("a pod that was never applied fails at once, with the command that applies it", async () => {
    const { status } = await host.run(["systemctl", "start", "rkt-pod@never"], { timeout: 5000 });
    assert.equal(status, 1);
    const lines = await host.sh("journalctl --sync; journalctl -o cat -u rkt-pod@never");
    assert.match(lines, /^Cannot start pod "never": it is not applied; "rkt pod apply never" does that$/m);
    // What it says is what helps, though systemd has loaded the unit by now.
    await applyPod(host, "never", pod());
    await host.sh("systemctl start rkt-pod@never && systemctl stop rkt-pod@never");
  });

  test("an apply says what changed and which command runs it; a second one changes nothing", async () => {
    await declare("twice", pod());
    const first = await rkt("pod", "apply", "twice");
    const uuid = await uuidOf(host, "twice");
    const unit = "rkt-pod@twice.service";
    const generation = (await row("twice"))?.generation?.slice(0, 12) ?? "none";
    assert.equal(first.stdout, `twice: applied as rkt-${uuid} (generation ${generation})\n  run it with: systemctl start ${unit}\n`);
    await host.sh(`systemctl start ${unit}`);
    const before = [await snapshot(), await reloads()];
    const second = await rkt("pod", "apply", "twice");
    assert.deepEqual([second.status, second.stdout, second.stderr], [0, `twice: unchanged (generation ${generation})\n`, ""]);
    assert.deepEqual([await snapshot(), await reloads()], before);
    await declare("twice", pod("", "Environment=A=1\n"));
    const third = await rkt("pod", "apply", "twice");
    const changed = (await row("twice"))?.generation?.slice(0, 12) ?? "none";
    assert.notEqual(changed, generation);
    assert.equal(
      third.stdout,
      `twice: applied as rkt-${uuid} (generation ${changed}, was ${generation})\n` +
        `  the pod runs an earlier generation; run this one with: systemctl restart ${unit}\n`,
    );
    await host.sh(`systemctl restart ${unit}`);
    assert.equal((await rkt("pod", "apply", "twice")).stdout, `twice: unchanged (generation ${changed})\n`);
    await host.sh(`systemctl stop ${unit}`);
  });

  test("a file, drop-in or environment file that changed after its apply shows as out of date, and changes nothing", async () => {
    await host.write("/etc/rkt/edited.env", "A=1\n");
    await applyPod(host, "edited", pod("", "EnvironmentFile=/etc/rkt/edited.env\n"));
    const generation = (await row("edited"))?.generation;
    const unit = await host.sh("systemctl cat rkt-pod@edited");
    const isOld = async (old: boolean): Promise<void> => {
      const now = await row("edited");
      assert.deepEqual([now?.state, now?.generation], [old ? "out of date" : "applied", generation]);
      assert.equal(/^declaration=out of date$/m.test(await host.sh("rkt status edited")), old);
    };
    await isOld(false);
    await host.write("/etc/rkt/edited.env", "A=2\n");
    await isOld(true);
    await host.write("/etc/rkt/edited.env", "A=1\n");
    await isOld(false);
    await host.write(`${FILES}/edited.pod.d/10-more.conf`, "[Pod]\nHostname=other\n");
    await isOld(true);
    await host.sh(`rm -r ${FILES}/edited.pod.d; echo '# a comment' >>${FILES}/edited.pod`);
    await isOld(true);
    assert.equal(await host.sh("systemctl cat rkt-pod@edited"), unit);
    assert.match((await rkt("pod", "apply", "edited")).stdout, /^edited: unchanged/);
    await isOld(false);
  });

  test("generations are immutable; rollback goes back one, and again forth", async () => {
    await applyPod(host, "rolled", pod("", "Exec=/bin/sh -c 'echo one; sleep infinity'\n"));
    const uuid = await uuidOf(host, "rolled");
    const one = (await row("rolled"))?.generation ?? "";
    const directory = `/var/lib/rkt/pods/named/${uuid}`;
    // systemd-nspawn's own lock stands beside the tree while it runs.
    const ours = "find . ! -path ./stage1 ! -name '.#rootfs.lck'";
    const content = (): Promise<string> =>
      host.sh(`cd ${directory}/gen/${one} && ${ours} -printf '%p %i %T@ %m\\n' | sort && ${ours} -type f | sort | xargs sha256sum`);
    const before = await content();
    assert.match((await rkt("pod", "rollback", "rolled")).stderr, /it has no earlier generation/);
    await applyPod(host, "rolled", pod("", "Exec=/bin/sh -c 'echo two; sleep infinity'\n"));
    const two = (await row("rolled"))?.generation ?? "";
    const back = await rkt("pod", "rollback", "rolled");
    assert.equal(
      back.stdout,
      `rolled: back at generation ${one.slice(0, 12)} (was ${two.slice(0, 12)})\n  run it with: systemctl restart rkt-pod@rolled.service\n`,
    );
    const now = await row("rolled");
    assert.deepEqual([now?.generation, now?.state], [one, "out of date"]);
    await host.sh("systemctl start rkt-pod@rolled");
    assert.deepEqual((await content()).split("\n"), before.split("\n"));
    const started = (await host.read(`${directory}/started`)).trim();
    assert.equal(started, one);
    await host.sh("rkt pod rollback rolled; systemctl restart rkt-pod@rolled");
    assert.equal((await host.read(`${directory}/started`)).trim(), two);
    await host.sh("systemctl stop rkt-pod@rolled");
    assert.equal(await content(), before);
    // A third one: what nothing refers to goes.
    await applyPod(host, "rolled", pod("", "Exec=/bin/true\n"));
    assert.deepEqual((await host.sh(`ls ${directory}/gen`)).trim().split("\n").sort(), [(await row("rolled"))?.generation, two].sort());
  });

  test("--dry-run prints every file and changes nothing of pods and units", async () => {
    await declare("dry", `${pod()}[Socket web]\nListenStream=/run/dry.sock\n`);
    const watched = `find ${ATTACHED} /etc/systemd/system /var/lib/rkt/pods /run/rkt -printf '%p %i %C@\\n' | sort`;
    const before = await host.sh(watched);
    const { status, stdout } = await rkt("pod", "apply", "--dry-run", "dry");
    assert.equal(status, 0);
    for (const part of [
      `# ${ATTACHED}/rkt-pod@dry.service.d/50-rkt.conf`,
      `# ${ATTACHED}/rkt-pod@dry.socket`,
      "ListenStream=/run/dry.sock",
    ])
      assert.ok(stdout.includes(part), part);
    assert.match(stdout, /^# .*\/start$/m);
    assert.equal(await host.sh(watched), before);
    assert.equal((await row("dry"))?.state, "declared");
    await host.sh(`rm ${FILES}/dry.pod`);
  });

  test("several pods: one with errors keeps what it has and stops no other; a masked one is left out", async () => {
    await declare("good", pod());
    await declare("bad", pod("Nett=none\n"));
    const dry = await rkt("pod", "apply", "--dry-run");
    assert.equal(dry.status, 254);
    assert.ok(dry.stdout.includes("rkt-pod@good.service.d"), dry.stdout);
    assert.match(dry.stderr, /bad\.pod:3: Unknown key "Nett="/);
    const verified = await rkt("pod", "verify", "./none.pod", `${FILES}/good.pod`);
    assert.deepEqual([verified.status, verified.stdout], [254, "good: ok\n"]);
    assert.match(verified.stderr, /^Cannot read "\.\/none\.pod": there is no such file$/m);
    await host.sh(`ln -s /dev/null ${FILES}/masked.pod; : >${FILES}/empty.pod`);
    const { status, stdout, stderr } = await rkt("pod", "apply");
    assert.equal(status, 254);
    assert.match(stdout, /^good: applied/m);
    assert.match(stderr, /^.*\/etc\/rkt\/pods\.d\/bad\.pod:3: Unknown key "Nett="/m);
    assert.doesNotMatch(stdout, /^(bad|masked|empty):/m);
    assert.equal((await row("bad"))?.state, "invalid");
    assert.equal(await row("masked"), undefined);
    const named = await rkt("pod", "apply", "masked");
    assert.deepEqual([named.status, /masked/.test(named.stderr)], [254, true]);
    // A mask in /etc takes away a pod that the distribution declares.
    await host.write("/usr/lib/rkt/pods.d/vendor.pod", pod());
    await host.sh(`rm ${FILES}/bad.pod; rkt pod apply`);
    assert.equal((await row("vendor"))?.state, "applied");
    await host.sh(`ln -s /dev/null ${FILES}/vendor.pod`);
    assert.match(await host.sh("rkt pod apply"), /^vendor: not declared any more, un-applied/m);
    await host.sh(`rm -r /usr/lib/rkt/pods.d ${FILES}/vendor.pod ${FILES}/masked.pod ${FILES}/empty.pod`);
  });

  test("files and directories that others may write are refused, with the command that repairs it", async () => {
    await declare("owned", pod());
    const path = `${FILES}/owned.pod`;
    const refused = async (spoil: string, repair: string, sentence: RegExp): Promise<void> => {
      await host.sh(spoil);
      const { status, stderr } = await rkt("pod", "apply", "owned");
      assert.deepEqual([spoil, status], [spoil, 254]);
      assert.match(stderr, sentence);
      assert.equal((await row("owned"))?.state, "invalid");
      await host.sh(repair);
    };
    await refused(`chown 1000 ${path}`, `chown 0 ${path}`, /Cannot use ".*owned\.pod": it belongs to user 1000[^]*chown root/);
    await refused(`chmod g+w ${path}`, `chmod g-w ${path}`, /it can be written by a group[^]*chmod go-w/);
    await refused(`chmod o+w ${FILES}`, `chmod o-w ${FILES}`, /"\/etc\/rkt\/pods\.d" can be written by anyone/);
    await refused("chown 1000 /etc/rkt", "chown 0 /etc/rkt", /"\/etc\/rkt" belongs to user 1000/);
    const dropIn = `${FILES}/owned.pod.d`;
    await host.write(`${dropIn}/a.conf`, "[Pod]\nHostname=a\n");
    await refused(`chmod o+w ${dropIn}/a.conf`, `chmod o-w ${dropIn}/a.conf`, /a\.conf": it can be written by anyone/);
    await refused(`chmod g+w ${dropIn}`, `chmod g-w ${dropIn}`, /owned\.pod\.d" can be written by a group/);
    await refused(`mv ${path} /tmp/owned.pod; ln -s /tmp/owned.pod ${path}`, `mv -f /tmp/owned.pod ${path}`, /"\/tmp" can be written/);
    await host.sh("rkt pod apply owned");
  });

  test("UUID= pins the pod's UUID, unless it is another's", async () => {
    const wanted = "6b8f0b5e-0d4c-4b43-a3ed-1f2f6bde8f01";
    await applyPod(host, "pinned", pod(`UUID=${wanted}\n`));
    assert.equal(await uuidOf(host, "pinned"), wanted);
    const refused = async (name: string, uuid: string, reason: RegExp): Promise<void> => {
      await declare(name, pod(`UUID=${uuid}\n`));
      const { status, stderr } = await rkt("pod", "apply", name);
      assert.deepEqual([uuid, status], [uuid, 254]);
      assert.match(stderr, new RegExp(`^.*${name}\\.pod:3: Cannot use UUID "${uuid}": ${reason.source}`, "m"));
    };
    const dashed = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    await refused("copied", wanted, /pod "pinned" has it/);
    await refused("copied", dashed((await host.read("/etc/machine-id")).trim()), /it is this host's machine id/);
    await host.sh("mkdir /var/log/journal/0123456789abcdef0123456789abcdef");
    await refused("copied", dashed("0123456789abcdef0123456789abcdef"), /\/var\/log\/journal holds the journal of another machine/);
    await refused("pinned", "6b8f0b5e-0d4c-4b43-a3ed-1f2f6bde8f02", new RegExp(`pod "pinned" already has ${wanted}`));
    await host.sh(`rm ${FILES}/pinned.pod ${FILES}/copied.pod`);
  });

  test("a machine that runs under the pod's name already refuses its apply", async () => {
    const uuid = "6b8f0b5e-0d4c-4b43-a3ed-1f2f6bde8f0a";
    await host.sh(`mkdir -p /srv/machine/usr /srv/machine/bin; cp "$(command -v busybox)" /srv/machine/bin
      systemd-run --quiet --unit=other -p Type=notify -p NotifyAccess=all -p Delegate=yes \\
        systemd-nspawn --quiet --keep-unit --register=yes -M rkt-${uuid} -D /srv/machine /bin/busybox sleep 1000`);
    await declare("late", pod(`UUID=${uuid}\n`));
    const { status, stderr } = await rkt("pod", "apply", "late");
    assert.equal(status, 254);
    assert.match(stderr, new RegExp(`Cannot apply pod "late": a machine "rkt-${uuid}" runs already, in other\\.service`));
    assert.equal((await row("late"))?.uuid, undefined);
    await host.sh("systemctl stop other; rkt pod apply late");
  });
});
