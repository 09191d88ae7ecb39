import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, makeImage, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

/** A command that must end soon, whatever a pod has left for it to read. */
async function soon(host: TestHost, argv: readonly string[]) {
  return await host.run(["timeout", "--kill-after=1", "10", ...argv]);
}

forEachSuite((suite) => {
  test("what others than root, and pods themselves, cannot do to a host", async (t) => {
    await using host = await bootWithBox(suite);
    await host.write("/etc/secret.env", "TOKEN=hunter2\n", 0o600);
    await applyPod(host, "box", `${BOX_POD}Net=none\n[App main]\n${BOX_APP}Exec=/bin/sleep 1000\nEnvironmentFile=/etc/secret.env\n`);
    await host.sh("useradd -m -G rkt lister; useradd -m other; systemctl start rkt-pod@box");
    const pod = `/var/lib/rkt/pods/named/${await uuidOf(host, "box")}`;
    const status = `${pod}/status`;

    await t.test("a FIFO, a directory, a link or a huge file in a pod's status directory neither hold up nor mislead a list", async () => {
      const left: readonly string[] = [
        `mkfifo ${status}/main`,
        `mkdir ${status}/main`,
        `echo "exited 77" >/root/elsewhere; ln -s /root/elsewhere ${status}/main`,
        `truncate --size=10G ${status}/main`,
        `printf "exited 77; rm -rf" >${status}/main`,
        `mknod ${status}/main c 1 5`,
      ];
      for (const command of left) {
        await host.sh(command);
        for (const argv of [["list"], ["list", "--format=json"], ["status", "box"]]) {
          const { status: code, stdout, stderr } = await soon(host, ["rkt", ...argv]);
          assert.equal(code, 0, `${command}: ${stderr}`);
          assert.match(stdout, /running/);
          assert.doesNotMatch(stdout, /exit_code|app-main=/);
          assert.equal(stderr, "");
        }
        await host.sh(`rm -r ${status}/main`);
      }
    });

    await t.test("whatever a pod leaves there, its run is put aside, and the others read how it ended", async () => {
      await host.sh(`mkdir ${status}/main; systemctl stop rkt-pod@box`);
      assert.equal(await host.read(`${pod}/ended`), "");
      await host.sh(`systemctl start rkt-pod@box; ln -sfn /etc ${status}/main; systemctl stop rkt-pod@box; test -d /etc/rkt`);
      assert.equal(await host.read(`${pod}/ended`), "");
      await host.sh("systemctl start rkt-pod@box; systemctl kill --signal=TERM rkt-pod@box; rkt status --wait box");
      const own = await host.sh("rkt list --format=json");
      assert.match(own, /"exit_code":\s?\d/);
      assert.equal(await host.sh("su lister -c 'rkt list --format=json'").then(exitCode), exitCode(own));
      await host.sh("systemctl start rkt-pod@box");
    });

    await t.test("what an image gives itself is told at apply, and what it then reaches of its pod misleads nobody", async () => {
      const set = { name: "os/linux/capabilities-retain-set", value: { set: ["CAP_SYS_PTRACE"] } };
      const exec = ["/bin/sh", "-c", "mkfifo /proc/1/root/rkt/status/main; sleep 1000"];
      await makeImage(host, { name: "nosy", app: { exec, isolators: [set] } });
      const declaration = "[Pod]\nNet=none\n[App main]\nImage=/root/images/nosy.aci\n";
      await host.write("/etc/rkt/pods.d/nosy.pod", declaration);
      const told = (await host.run(["rkt", "pod", "apply", "nosy"])).stderr;
      assert.match(told, /nosy\.pod:3: Warning: App "main" gets CAP_SYS_PTRACE because its image says so/);
      await host.sh("systemctl start rkt-pod@nosy");
      const fifo = `/var/lib/rkt/pods/named/${await uuidOf(host, "nosy")}/status/main`;
      await waitFor(async () => ((await host.run(["test", "-p", fifo])).status === 0 ? true : undefined), { what: "the pod's FIFO" });
      assert.equal((await soon(host, ["rkt", "list"])).status, 0);
      await host.sh(`rm ${fifo}; systemctl stop rkt-pod@nosy`);
      await host.write("/etc/rkt/pods.d/nosy.pod", `${declaration}CapabilityRetain=CAP_CHOWN\n`);
      assert.doesNotMatch((await host.run(["rkt", "pod", "apply", "nosy"])).stderr, /Warning/);
    });

    await t.test("nobody but root enters where a pod may leave setuid files", async () => {
      await host.sh(`install -m 4755 /bin/true ${status}/true`);
      assert.equal((await host.run(["su", "lister", "-c", "find /var/lib/rkt -perm -4000 2>/dev/null"])).stdout, "");
      assert.equal((await host.run(["su", "lister", "-c", `${status}/true`])).status, 126);
    });

    await t.test("members of group rkt read lists, and no secrets", async () => {
      for (const command of ["rkt list", "rkt pod list", "rkt status box", "rkt list --format=json", "rkt image list"]) {
        const { status: code, stdout, stderr } = await soon(host, ["su", "lister", "-c", command]);
        assert.equal(code, 0, `${command}: ${stderr}`);
        assert.match(stdout, /box/);
        assert.doesNotMatch(stdout, /hunter2/);
      }
      assert.equal((await soon(host, ["su", "lister", "-c", "grep -r hunter2 /var/lib/rkt /run/rkt /etc/systemd 2>/dev/null"])).stdout, "");
      for (const command of ["rkt cat-manifest box", "rkt pod apply box", "rkt gc", "rkt enter box true", "rkt stop box", "rkt rm box"]) {
        assert.notEqual((await soon(host, ["su", "lister", "-c", command])).status, 0, command);
      }
      assert.match(await host.sh("rkt cat-manifest box"), /hunter2/);
    });

    await t.test("no other user can take the lock that says that a pod runs", async () => {
      await host.sh("systemctl stop rkt-pod@box");
      for (const user of ["other", "lister"]) {
        const take = "flock --nonblock /run/rkt/locks/* true || flock --nonblock /var/lib/rkt/locks/apply true";
        assert.notEqual((await soon(host, ["su", user, "-c", take])).status, 0);
      }
      assert.equal((await host.run(["systemctl", "start", "rkt-pod@box"])).status, 0);
    });

    await t.test("an image with names that no file system has does not keep other pods from being applied", async () => {
      const long = "n".repeat(300);
      await makeImage(host, { name: "long-program", app: { exec: [`/${long}`] } });
      await makeImage(host, { name: "long-user", app: { exec: ["/bin/true"], user: `/${long}` } });
      await makeImage(host, { name: "long-mount", app: { exec: ["/bin/true"], mountPoints: [{ name: "m", path: `/${long}` }] } });
      for (const name of ["long-program", "long-user", "long-mount"]) {
        await host.write(`/etc/rkt/pods.d/a-${name}.pod`, `[Pod]\nNet=none\n[App main]\nImage=/root/images/${name}.aci\n`);
      }
      await host.write("/etc/rkt/pods.d/zz.pod", `${BOX_POD}Net=none\n[App main]\n${BOX_APP}Exec=/bin/true\n`);
      const { stdout, stderr } = await host.run(["rkt", "pod", "apply"]);
      assert.match(stdout, /zz: applied/, stderr);
      assert.match(stderr, /no program/);
      await host.sh("rm /etc/rkt/pods.d/a-*.pod");
    });

    await t.test("a volume whose path leads through a link that somebody else may change is refused", async () => {
      await host.sh(
        "mkdir /srv/real; ln -s /srv/theirs/link /srv/way; install -d -o other /srv/theirs; su other -c 'ln -s /srv/real /srv/theirs/link'",
      );
      await host.write(
        "/etc/rkt/pods.d/way.pod",
        `[Pod]\nNet=none\nVolume=v,kind=host,source=/srv/way\n[App main]\nImage=/root/images/box.aci\nMount=volume=v,target=/v\n`,
      );
      const { status: code, stderr } = await host.run(["rkt", "pod", "apply", "way"]);
      assert.notEqual(code, 0);
      assert.match(stderr, /others than root may write/);
    });
  });
});

function exitCode(json: string): string | undefined {
  return /"exit_code":\s?(\d+)/.exec(json)?.[1];
}
