import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseAcName } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { moveOnce, podCgroup, requireRunning } from "../../src/systemd/enter-cgroup.ts";
import { enterDropInDirectory, enterUnitName } from "../../src/systemd/enter-names.ts";
import { enterProperties } from "../../src/systemd/enter-properties.ts";
import { kindInterface, unitPath } from "../../src/systemd/names.ts";

const REQUEST = {
  leader: 1,
  unit: "rkt_enter-a-1.service",
  appUnit: "a.service",
  argv: ["/bin/echo", "$HOME", "%n"],
  searchPath: ["/bin"],
  environment: ["TERM=linux"],
  user: "1",
  group: "2",
  supplementaryGroups: ["3"],
  workingDirectory: "/",
  stdio: [0, 1, "terminal"],
  terminal: "/dev/pts/0",
} as const;

test("no app's name makes a prefix of another's entered units", () => {
  const prefixes = (name: string): string[] => [...name.matchAll(/-/g)].map((dash) => `${name.slice(0, dash.index + 1)}.service.d`);
  const unit = enterUnitName(parseAcName("a-b"), "x1");
  assert.ok(prefixes(unit).includes(enterDropInDirectory(parseAcName("a-b"))));
  assert.ok(!prefixes(unit).includes(enterDropInDirectory(parseAcName("a"))));
});

test("an entered command is taken literally and names its user, group and streams", () => {
  const properties = new Map(enterProperties(REQUEST).map(([name, value]) => [name, value.value]));
  assert.deepEqual(properties.get("ExecStartEx"), [["/bin/echo", ["/bin/echo", "$HOME", "%n"], ["no-env-expand"]]]);
  assert.deepEqual(
    ["User", "Group", "SupplementaryGroups"].map((name) => properties.get(name)),
    ["1", "2", ["3"]],
  );
  assert.equal(properties.get("StandardOutputFileDescriptor"), 1);
  assert.equal(properties.get("StandardError"), "tty");
});

test("unit names become object paths and interfaces", () => {
  assert.equal(unitPath("a@b.service"), "/org/freedesktop/systemd1/unit/a_40b_2eservice");
  assert.equal(kindInterface("rkt-pod@a.socket"), "org.freedesktop.systemd1.Socket");
});

function fail(code: string): never {
  throw Object.assign(new Error(code), { code });
}

describe("a pod's control group", () => {
  const hostWith = (text: string): Host => ({ ...createHost(), files: { ...createHost().files, readText: () => text } });

  test("is found from its PID 1", () => {
    assert.equal(
      podCgroup(hostWith("4:memory:/x\n0::/machine.slice/p.service/payload/init.scope\n"), 7),
      "/sys/fs/cgroup/machine.slice/p.service/payload",
    );
  });

  test("is nobody's when the pod has ended", () => {
    for (const code of ["ENOENT", "ESRCH"]) {
      const host: Host = { ...createHost(), files: { ...createHost().files, readText: () => fail(code) } };
      assert.throws(() => podCgroup(host, 7), { code: "enter-pod-ended", message: "Cannot enter the pod: it has ended" });
    }
  });

  test("is refused where PID 1 is not in its place", () => {
    for (const text of ["0::/", "0::/a/../../b/init.scope\n", "0::/a/system.slice/x.service\n"]) {
      assert.throws(() => podCgroup(hostWith(text), 7), { code: "enter-cgroup" });
    }
  });
});

describe("an app's control group", () => {
  const root = "/sys/fs/cgroup/machine.slice/p.service/payload/system.slice";
  const move = { leader: 7, unit: "rkt_enter-a-1.service", appUnit: "memory.service" };

  /** With these groups, and what was written where. */
  function hostWith(groups: readonly string[], written: string[] = []): Host {
    const real = createHost();
    const files = {
      ...real.files,
      readText: (path: string) => (path.startsWith("/proc") ? "0::/machine.slice/p.service/payload/init.scope\n" : `${process.pid}\n`),
      exists: (path: string) => groups.some((group) => path === `${root}/${group}/cgroup.procs`),
      write: (path: string) => void written.push(path),
    };
    return { ...real, files };
  }

  test("has a mark in front where systemd gave it one", () => {
    for (const group of ["memory.service", "_memory.service"]) {
      const written: string[] = [];
      const host = hostWith([group], written);
      requireRunning(host, move);
      assert.equal(moveOnce(host, move), 1);
      assert.deepEqual(written, [`${root}/${group}/cgroup.procs`]);
    }
  });

  test("is missing where the app does not run", () => {
    assert.throws(() => requireRunning(hostWith(["cpu.service"]), move), { code: "enter-not-running", message: /"memory\.service"/ });
  });
});

describe("what is opened in a pod's tree", () => {
  let root = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "rkt-enter-"));
    mkdirSync(join(root, "run/systemd"), { recursive: true });
    writeFileSync(join(root, "run/systemd/private"), "");
    symlinkSync("/run/systemd/private", join(root, "run/link"));
    symlinkSync("run", join(root, "var"));
  });
  after(() => rmSync(root, { recursive: true }));

  test("stays the same file", () => {
    const file = createHost().files.openWithin(root, "run/systemd/private");
    assert.equal(file.type, "file");
    file.close();
  });

  test("is never reached through a link or by going up", () => {
    const { openWithin } = createHost().files;
    assert.throws(() => openWithin(root, "run/link"), { code: "ELOOP" });
    assert.throws(() => openWithin(root, "var/systemd/private"), { code: "ELOOP" });
    assert.throws(() => openWithin(root, "run/../run/systemd/private"), { code: "EINVAL" });
    assert.throws(() => openWithin(root, "run/none"), { code: "ENOENT" });
  });
});
