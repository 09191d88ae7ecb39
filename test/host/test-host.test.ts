import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost } from "../lib/host.ts";
import { CACHE } from "../lib/tree.ts";
import { waitFor } from "../lib/wait-for.ts";

/** What a host leaves outside while it lives. */
function listTraces(name: string): readonly string[] {
  const cgroups = globSync(["/sys/fs/cgroup/rkt-test-*", "/sys/fs/cgroup/unified/rkt-test-*"]).filter((path) => path.endsWith(name));
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(name));
  const directory = join(CACHE, "run", name);
  return [...cgroups, ...mounts, ...(existsSync(directory) ? [directory] : [])];
}

forEachSuite((suite) => {
  test("a host runs, keeps its disk over a reboot and a power loss, and leaves nothing", async () => {
    const host = await bootHost({ suite, rkt: false });
    assert.equal((await host.run(["systemctl", "is-system-running"])).stdout, "running\n");
    assert.match(await host.sh("cat /proc/self/cgroup"), /^0::\/user\.slice\/test-terminal\.scope$/m);
    await host.write("/var/lib/rkt/kept", "yes", 0o600);
    await host.reboot();
    assert.equal(await host.sh("stat -c %a /var/lib/rkt/kept"), "600\n");
    await host.crash();
    assert.equal(await host.read("/var/lib/rkt/kept"), "yes");
    assert.deepEqual(await host.run(["sh", "-c", "cat; echo err >&2; exit 3"], { input: "in" }), {
      status: 3,
      stdout: "in",
      stderr: "err\n",
    });
    assert.equal((await host.sh("journalctl --list-boots --no-pager | grep -c -v IDX")).trim(), "3");
    await host.end();
    assert.deepEqual(listTraces(host.name), []);
  });

  test("a host with a volatile journal keeps it in memory", async () => {
    await using host = await bootHost({ suite, rkt: false, journal: "volatile" });
    assert.equal((await host.run(["test", "-e", "/var/log/journal"])).status, 1);
    assert.match(await host.sh("ls /run/log/journal"), /^[0-9a-f]{32}\n$/);
  });

  test("SIGKILL of the tests ends their host and leaves nothing", async () => {
    const code = `
      import { bootHost } from ${JSON.stringify(join(import.meta.dirname, "../lib/host.ts"))};
      const host = await bootHost({ suite: ${JSON.stringify(suite)}, rkt: false });
      console.log(host.name);
      await host.run(["sleep", "infinity"]);`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], { stdio: ["ignore", "pipe", "inherit"] });
    const name = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).on("line", resolve));
    assert.notDeepEqual(listTraces(name), []);
    child.kill("SIGKILL");
    await waitFor(() => (listTraces(name).length === 0 ? true : undefined), { what: `host ${name} to vanish` });
  });
});
