import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { forOneSuite } from "../lib/each-suite.ts";
import { collect } from "../lib/run.ts";
import { bootVm } from "../lib/vm.ts";
import { VM_CACHE } from "../lib/vm/turn.ts";
import { waitFor } from "../lib/wait-for.ts";

forOneSuite((suite) => {
  test("a virtual machine runs with all controllers, and tells status, output and error of a command apart", async () => {
    await using vm = await bootVm({ suite });
    assert.equal((await vm.run(["systemctl", "is-system-running"])).stdout, "running\n");
    assert.match(await vm.sh("cat /proc/self/cgroup"), /^0::\/user\.slice\/user-0\.slice\/session-\d+\.scope$/m);
    const controllers = (await vm.sh("cat /sys/fs/cgroup/cgroup.controllers")).trim().split(" ");
    for (const name of ["cpu", "io", "memory", "pids"]) assert.ok(controllers.includes(name), name);
    assert.deepEqual(await vm.run(["sh", "-c", "cat; echo err >&2; kill -KILL $$"], { input: "in" }), {
      status: 137,
      stdout: "in",
      stderr: "err\n",
    });
    const now = Number(await vm.sh("date +%s"));
    assert.ok(Math.abs(now - Date.now() / 1000) < 30, `its clock says ${now}`);
    assert.match(await vm.sh("cat /sys/kernel/security/lsm"), /apparmor/);
  });

  test("npm run host -- --vm gives a command in a machine the input, and nothing but its output and status back", async () => {
    const script = "cat; systemd-detect-virt; echo err >&2; exit 7";
    const argv = ["run", "-s", "host", "--", "--vm", `--suite=${suite}`, "sh", "-c", script];
    const child = spawn("npm", argv, { cwd: join(import.meta.dirname, "../.."), stdio: "pipe" });
    const { status, stdout, stderr } = await collect(child, argv, { input: "in\n", timeout: 600_000 });
    assert.deepEqual([status, stdout], [7, "in\nqemu\n"]);
    assert.match(stderr, /^err$/m);
  });

  test("SIGKILL of the tests ends their machine, and what they left goes with the next one", async () => {
    const code = `
      import { bootVm } from ${JSON.stringify(join(import.meta.dirname, "../lib/vm.ts"))};
      const vm = await bootVm({ suite: ${JSON.stringify(suite)} });
      console.log(vm.name, (await vm.sh("echo alive")).trim());
      await vm.run(["sleep", "infinity"]);`;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], { stdio: ["ignore", "pipe", "inherit"] });
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", resolve);
      child.on("close", () => reject(new Error("It ended before its machine ran")));
    });
    const [name = "", word] = line.split(" ");
    assert.equal(word, "alive");
    const console = join(VM_CACHE, "run", name, "console");
    assert.ok(existsSync(console) && hasQemu(name));
    child.kill("SIGKILL");
    await waitFor(() => (hasQemu(name) ? undefined : true), { what: "qemu to end" });
    await using next = await bootVm({ suite });
    assert.equal(await next.sh("echo alive"), "alive\n");
    assert.ok(!existsSync(console));
  });
});

/** Is there a qemu of the machine of this name? */
function hasQemu(name: string): boolean {
  return globSync("/proc/[0-9]*/cmdline").some((path) => {
    try {
      const text = readFileSync(path, "utf8");
      return text.startsWith("qemu-system-") && text.includes(name);
    } catch {
      // It has ended.
      return false;
    }
  });
}
