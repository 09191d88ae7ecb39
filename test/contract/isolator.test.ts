import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { isolatorDirectives, isolatorMappings, unmappedIsolators } from "../../src/isolator/index.ts";
import type { Isolator } from "../../src/spec/appc.ts";
import { SECCOMP_GROUPS } from "../../src/spec/seccomp-groups.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";

const isolator = (name: string, value: unknown): Isolator => ({ name: name as Isolator["name"], value });

/** One valid value for each isolator that becomes lines of a unit. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  "os/linux/capabilities-retain-set": { set: ["CAP_CHOWN"] },
  "os/linux/capabilities-remove-set": { set: ["CAP_MKNOD"] },
  "os/linux/seccomp-retain-set": { set: ["@rkt/default-whitelist"] },
  "os/linux/seccomp-remove-set": { set: ["@docker/default-blacklist"], errno: "EPERM" },
  "os/linux/no-new-privileges": true,
  "os/linux/oom-score-adj": -500,
  "os/linux/cpu-shares": 1024,
  "resource/memory": { limit: "1Gi" },
  "resource/cpu": { limit: "1500m" },
};

describe("every isolator", () => {
  const names = isolatorMappings.flatMap((mapping) => mapping.names);

  it("has one mapping", () => {
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(names.toSorted(), Object.keys(SAMPLES).toSorted());
    assert.deepEqual(unmappedIsolators([isolator("resource/block-iops", { default: true, limit: "1" })]), ["resource/block-iops"]);
  });

  for (const name of names) {
    it(`${name} gives the same lines each time, which fit a unit`, () => {
      const lines = isolatorDirectives([isolator(name, SAMPLES[name])]);
      assert.deepEqual(isolatorDirectives([isolator(name, SAMPLES[name])]), lines);
      assert.match(serializeUnitFile(unitFile({ Service: lines })), /^\[Service\]\n/);
      assert.notDeepEqual(lines, isolatorDirectives([]), "and they are not those of an app without it");
    });

    it(`${name} refuses a value of another kind`, () => {
      assert.throws(() => isolatorDirectives([isolator(name, "nonsense")]), { code: "isolator-invalid" });
    });
  }
});

test("every file of src/isolator with a mapping is in its list", () => {
  const files = readdirSync(join(import.meta.dirname, "../../src/isolator")).filter((name) => name.endsWith(".ts"));
  const others = ["index.ts", "mapping.ts", "seccomp-sets.ts"];
  assert.equal(files.filter((name) => !others.includes(name)).length, isolatorMappings.length);
});

const LINES: readonly (readonly [what: string, isolators: readonly Isolator[], line: string])[] = [
  ["all system calls", [isolator("os/linux/seccomp-retain-set", { set: ["@appc.io/all"] })], "SystemCallArchitectures=native"],
  ["systemd's groups", [isolator("os/linux/seccomp-remove-set", { set: ["@systemd/clock", "ptrace"] })], "SystemCallFilter=~@clock ptrace"],
  ["one capability", [isolator("os/linux/capabilities-retain-set", { set: ["CHOWN"] })], "CapabilityBoundingSet=CAP_CHOWN"],
  ["half a processor", [isolator("resource/cpu", { limit: "500m" })], "CPUQuota=50%"],
  ["usual shares", [isolator("os/linux/cpu-shares", 1024)], "CPUWeight=100"],
  ["the least shares", [isolator("os/linux/cpu-shares", 2)], "CPUWeight=1"],
  ["mebibytes", [isolator("resource/memory", { limit: "64Mi" })], "MemoryMax=67108864"],
];

for (const [what, isolators, line] of LINES) {
  test(`isolators say ${what} as ${line}`, () => {
    const text = serializeUnitFile(unitFile({ Service: isolatorDirectives(isolators) }));
    assert.ok(text.split("\n").includes(line), text);
  });
}

test("an empty remove set is the default filter, an unknown group is refused", () => {
  assert.deepEqual(isolatorDirectives([isolator("os/linux/seccomp-remove-set", { set: ["@appc.io/empty"] })]), isolatorDirectives([]));
  assert.throws(() => isolatorDirectives([isolator("os/linux/seccomp-retain-set", { set: ["@nobody/knows"] })]), {
    code: "seccomp-group-unknown",
  });
});

test("the groups that a filter may name are those that are known", () => {
  for (const group of SECCOMP_GROUPS) {
    assert.doesNotThrow(() => isolatorDirectives([isolator("os/linux/seccomp-retain-set", { set: [group, "read"] })]), group);
  }
});
