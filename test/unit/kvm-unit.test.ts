import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { after, describe, it, test } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import type { EnginePlan, PodDescription, VirtualMachine } from "../../src/pod/engine.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import { hypervisors } from "../../src/stage1/kvm/hypervisor/index.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const base = mkdtempSync(join(tmpdir(), "rkt-kvm-unit-"));
after(() => rmSync(base, { recursive: true }));

const engine = loadEngines(createHost()).find(({ name }) => name === "kvm");
const app = describeApp("main", { notify: false });

function describeMachine(changes: Partial<PodDescription> = {}, machine: Partial<VirtualMachine> = {}): PodDescription {
  const { name: _, ...pod } = describePod({ apps: [app], volumes: [], sockets: [], devices: [], sysctls: [] });
  const virtualMachine = {
    ...{ hypervisor: "qemu", program: "/usr/bin/qemu", accelerator: "kvm", kernel: "/vm/kernel", initrd: "/vm/initrd" },
    ...{ system: "/vm/system", disks: {}, memory: 1 << 28, cpus: 1, cid: 4711, kernelSettings: [], warnings: [] },
    ...machine,
  } as unknown as VirtualMachine;
  return { ...pod, ...changes, virtualMachine };
}

function planMachine(pod: PodDescription): EnginePlan {
  assert.ok(engine !== undefined);
  return engine.plan(pod);
}

/** Of the unit, in order. */
function valuesOf(plan: EnginePlan, key: string): string[] {
  return plan.service.flatMap(([name, value]) => (name === key ? [String(value)] : []));
}

describe("a hypervisor", () => {
  for (const { name, environment } of hypervisors) {
    it(`${name} has the same environment and umask in the jail of another's unit as in a unit of ours`, () => {
      const pod = describeMachine({}, { hypervisor: name });
      const expected = environment(`/run/rkt/vm/${pod.uuid}`);
      const plan = planMachine(pod);
      assert.deepEqual(
        valuesOf(plan, "Environment"),
        Object.entries(expected).map(([key, value]) => `${key}=${value}`),
      );
      assert.deepEqual(valuesOf(plan, "UMask"), ["0077"]);
      const { said, jail } = enterJail(name, pod);
      for (const [key, value] of Object.entries(expected)) assert.ok(said.includes(`${key}=${value}`), said.join("\n"));
      assert.ok(said.includes("0077"), said.join("\n"));
      // Its own files, for which it is nobody.
      assert.equal(statSync(join(jail, "dev/null")).mode & 0o777, 0o644);
    });
  }
});

/** Runs the jail's script where nothing is mounted: what its last program gets, and the directory of the jail. */
function enterJail(name: string, pod: PodDescription): { readonly said: string[]; readonly jail: string } {
  const folder = join(base, name);
  const generation = join(folder, "generation");
  const places = { ...pod, paths: { ...pod.paths, generation } };
  const file = planMachine(places).files.find(({ path }) => path === "jail");
  assert.ok(file?.kind === "file");
  const bin = join(folder, "bin");
  const jail = join(generation, "stage1/jail");
  for (const path of [bin, join(jail, "dev"), join(jail, "run"), join(folder, "run")]) mkdirSync(path, { recursive: true });
  for (const stub of ["mount", "systemd-notify", "id", "getent"]) writeFileSync(join(bin, stub), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(bin, "unshare"), "#!/bin/sh\numask\nenv\n", { mode: 0o755 });
  writeFileSync(join(folder, "run/boot_id"), "1\n");
  writeFileSync(join(folder, "run/ready"), "yes\n");
  const script = file.content.replaceAll(`/run/rkt/guests/${pod.uuid}`, join(folder, "run"));
  const { status, stdout, stderr } = spawnSync("sh", ["-c", `umask 077\n${script}`], {
    encoding: "utf8",
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` },
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return { said: stdout.split("\n"), jail };
}

describe("the time that a start may take", () => {
  const ready = describeApp("ready", { notify: true });
  for (const [what, pod, expected] of [
    ["apps that run when they are started", describeMachine(), "90s"],
    ["an emulated machine", describeMachine({}, { accelerator: "tcg" }), "15min"],
    ["a job", describeMachine({ job: true }), "infinity"],
    ["an app that says when it is ready", describeMachine({ apps: [app, ready] }), "infinity"],
    ["the same, emulated", describeMachine({ apps: [app, ready] }, { accelerator: "tcg" }), "infinity"],
  ] as const) {
    it(`${what}: ${expected}`, () => assert.deepEqual(valuesOf(planMachine(pod), "TimeoutStartSec"), [expected]));
  }
});

test("how an app ended is recorded in its pod's directory, wherever that is", async () => {
  const folder = join(base, "elsewhere");
  const pod = describeMachine();
  const directory = join(folder, "data of pods/run/x");
  const run = join(folder, "run");
  const guest = join(run, "guests", pod.uuid);
  for (const path of [join(directory, "status"), guest, join(run, "cids")]) mkdirSync(path, { recursive: true });
  // Of the start: where the pod is, and what its apps are.
  const words = (planMachine(pod).startCommands ?? []).filter((line) => / > "\$guest\/(pod|apps)"$/.test(line));
  assert.equal(words.length, 2);
  assert.equal(spawnSync("sh", ["-euc", `pod='${directory}' guest='${guest}'\n${words.join("\n")}`]).status, 0);
  writeFileSync(join(run, "cids/4711"), `${pod.uuid}\n`);
  const program = join(dirname(import.meta.dirname), "../units/libexec/vm");
  const script = readFileSync(program, "utf8").replaceAll("/run/rkt", run);
  const child = spawn("sh", ["-c", script, "vm", "status"], {
    env: { PATH: process.env["PATH"], REMOTE_ADDR: "vsock:4711", REMOTE_PORT: "1000" },
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const connection = child.stdio[3] as Duplex;
  connection.end("EXIT main exited 3 exit-code\nEXIT other exited 0 success\n");
  let answer = "";
  connection.on("data", (bytes: Buffer) => (answer += bytes.toString()));
  assert.deepEqual([await once(child, "close"), answer], [[0, null], "OK\n"]);
  assert.equal(readFileSync(join(directory, "status/main"), "utf8"), "exited 3 exit-code\n");
  assert.equal(readFileSync(join(guest, "exits"), "utf8"), "main exited 3 exit-code\n");
});
