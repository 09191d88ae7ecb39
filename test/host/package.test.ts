import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { providePackage } from "../lib/package.ts";
import type { Suite } from "../lib/suites.ts";

/** A host without rkt that sees the package as /package/NAME. */
async function bootBare(suite: Suite): Promise<{ readonly host: TestHost; readonly deb: string }> {
  const deb = await providePackage();
  const host = await bootHost({ suite, rkt: false, binds: { [dirname(deb)]: "/package" } });
  return { host, deb: `/package/${basename(deb)}` };
}

/** Everything on the host's disk but what dpkg and journals keep of every package. */
function listDisk(host: TestHost): Promise<string> {
  return host.sh(`find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /dev -o -path /tmp -o -path /var/lib/dpkg -o -path /var/log \
    -o -path /var/cache -o -path /package -o -path /var/lib/systemd/catalog \\) -prune -o -printf '%p %y %l\\n' | sort; getent group | cut -d: -f1 | grep -v ^rkt`);
}

const RUNNING_POD = "[Service]\nExecStart=sleep infinity\n";

forEachSuite((suite) => {
  test("dpkg -i installs a running rkt with its groups, units, limits and manual", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    await host.sh(`dpkg -i ${deb}`);
    assert.match(await host.sh("rkt version"), /rkt Version: /);
    assert.match(await host.sh("getent group rkt rkt-admin"), /^rkt:.*\nrkt-admin:/);
    assert.equal((await host.sh("stat -c '%a %U:%G' /var/lib/rkt")).trim(), "2750 root:rkt");
    assert.ok(Number(await host.sh("cat /proc/sys/fs/inotify/max_user_instances")) >= 8192);
    assert.match(await host.sh("man --where rkt rkt.pod"), /rkt\.1\.gz\n.*rkt\.pod\.5\.gz/);
    assert.equal((await host.run(["systemctl", "--failed", "--plain", "--no-legend"])).stdout, "");
    const units = (await host.sh("dpkg -L rkt | grep '^/usr/lib/systemd/system/.*[a-z]$' || :")).trim().split("\n");
    const checked = await host.run(["systemd-analyze", "verify", ...units.map((path) => path.replace("@.", "@example."))]);
    assert.equal(checked.status, 0, checked.stderr);
  });

  test("rkt-favordynmods.service is installed, for an administrator to enable", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    const unit = "rkt-favordynmods.service";
    await host.sh(`dpkg -i ${deb}`);
    const state = async (): Promise<string> => (await host.run(["systemctl", "is-enabled", unit])).stdout.trim();
    assert.equal(await state(), "disabled");
    assert.equal((await host.run(["systemctl", "is-active", unit])).stdout, "inactive\n");
    await host.sh("systemctl preset rkt-favordynmods.service rkt-boot.service rkt-gc.timer");
    assert.equal(await state(), "disabled");
    assert.equal(await host.sh("systemctl is-enabled rkt-boot.service rkt-gc.timer"), "enabled\nenabled\n");
    assert.match(await host.sh(`man --where ${unit}`), /man8\/rkt-favordynmods\.service\.8\.gz/);
    const page = await host.run(["man", "--warnings", "--pager=cat", unit]);
    assert.equal(page.stderr, "");
    // The test host is a container, where the kernel would ignore the option: the unit is skipped, not failed.
    await host.sh(`systemctl enable --now ${unit}`);
    assert.equal(await host.sh(`systemctl show -P ConditionResult ${unit}`), "no\n");
    await host.sh(`dpkg -i ${deb}`);
    assert.equal(await state(), "enabled");
    await host.sh("dpkg --purge rkt");
    assert.equal(await host.sh(`find /etc/systemd /var/lib/systemd/deb-systemd-helper-enabled -name '*favordynmods*'`), "");
  });

  test("what rkt opens in the host belongs to no one else's Node", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    await host.sh(`dpkg -i ${deb}`);
    const result = await host.run(["rkt", "version"], { env: { NODE_OPTIONS: "--no-such-option", NODE_EXTRA_CA_CERTS: "/nowhere" } });
    assert.equal(result.status, 0, result.stderr);
    assert.equal(result.stderr, "");
  });

  test("the parts that every command loads are compiled ahead, by this very Node", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    await host.sh(`dpkg -i ${deb}`);
    const script = `const { load, parts, scripts } = require("/usr/lib/rkt/cli/rkt.cjs"); load("./rkt.js");
      console.error(parts);
      process.on("exit", () => console.error([...scripts].map(([file, script]) => file + " " + script.cachedDataRejected).join()))`;
    const result = await host.run(["/usr/lib/rkt/bin/node", "-e", script, "rkt", "version"]);
    // Another build has other names: nothing of it can be taken for this one's.
    assert.match(result.stderr, /^\/usr\/lib\/rkt\/cli\/[0-9a-f]{16}\ncore\.js false\b/);
  });

  test("removal is refused while a pod runs, and purge leaves nothing", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    const before = await listDisk(host);
    await host.sh(`dpkg -i ${deb}`);
    await host.write("/run/systemd/system/rkt-pod@web.service", RUNNING_POD);
    await host.write("/etc/systemd/system.attached/rkt-pod@web.service.d/50-rkt.conf", "[Service]\n");
    await host.sh(
      "mkdir -p /var/lib/rkt/cas/blob && echo x >/var/lib/rkt/cas/blob/y && systemctl daemon-reload && systemctl start rkt-pod@web",
    );
    // The journals of a pod and of one that was removed: directories of their machine ids.
    const [pod, gone] = ["0c9d4b4e-1f0e-4c1b-9f4e-8a5f1b2c3d4e", "1c9d4b4e-1f0e-4c1b-9f4e-8a5f1b2c3d4e"];
    await host.sh(`mkdir -p /var/lib/rkt/pods/named/${pod} /var/lib/rkt/pods/gone && touch /var/lib/rkt/pods/gone/${gone}
      mkdir /var/log/journal/${pod.replaceAll("-", "")} /var/log/journal/${gone.replaceAll("-", "")}`);
    for (const action of ["--remove", "--purge"]) {
      const refused = await host.run(["dpkg", action, "rkt"]);
      assert.notEqual(refused.status, 0);
      assert.match(refused.stderr, /Cannot remove rkt: pods run[^]*rkt-pod@web\.service/);
    }
    // A virtual machine whose hypervisor is the main process of another's unit.
    await host.sh(`systemctl stop rkt-pod@web; systemd-run --quiet --unit=rkt-machine-${pod} sleep infinity`);
    assert.match((await host.run(["dpkg", "--remove", "rkt"])).stderr, /Cannot remove rkt: pods run[^]*rkt-machine-/);
    await host.sh(`systemctl stop rkt-machine-${pod}; systemctl start rkt-pod@web`);
    assert.match(await host.sh("systemctl is-active rkt-pod@web; rkt version"), /^active\n/);
    const network = "ls /sys/class/net | grep rkt- || :; nft list tables | grep -w rkt || :";
    assert.equal(await host.sh(network), "rkt-default\nrkt-restricted\ntable ip rkt\ntable ip6 rkt\n");
    await host.sh("systemctl stop rkt-pod@web && rm /run/systemd/system/rkt-pod@web.service && dpkg --purge rkt");
    assert.equal(await listDisk(host), before);
    assert.equal(await host.sh("ls /var/log/journal | grep -c c9d4b4e || :"), "0\n");
    assert.equal(await host.sh("ls -A /var/lib/rkt; ls -d /run/rkt 2>/dev/null || :"), "");
    assert.equal(await host.sh(network), "");
  });

  test("purge never follows a mount below /var/lib/rkt", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    await host.sh(
      `dpkg -i ${deb}; mkdir -p /srv/data /var/lib/rkt/volumes/x; echo precious >/srv/data/file; mount --bind /srv/data /var/lib/rkt/volumes/x`,
    );
    const purged = await host.run(["dpkg", "--purge", "rkt"]);
    assert.match(purged.stderr + purged.stdout, /\/var\/lib\/rkt is kept, because something is mounted below it/);
    assert.equal(await host.read("/srv/data/file"), "precious\n");
  });

  test("an upgrade keeps a running pod and what is enabled", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    await host.sh(`dpkg -i ${deb}`);
    await host.write("/run/systemd/system/rkt-pod@web.service", RUNNING_POD);
    await host.sh("systemctl daemon-reload && systemctl start rkt-pod@web");
    const state = "systemctl show -P MainPID rkt-pod@web; systemctl list-unit-files --no-legend 'rkt*'";
    const before = await host.sh(state);
    await host.sh(`dpkg -i ${deb}`);
    assert.equal(await host.sh(state), before);
  });
});
