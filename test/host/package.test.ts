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

  test("what rkt opens in the host belongs to no one else's Node", async () => {
    const { host, deb } = await bootBare(suite);
    await using _ = host;
    await host.sh(`dpkg -i ${deb}`);
    const result = await host.run(["rkt", "version"], { env: { NODE_OPTIONS: "--no-such-option", NODE_EXTRA_CA_CERTS: "/nowhere" } });
    assert.equal(result.status, 0, result.stderr);
    assert.equal(result.stderr, "");
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
