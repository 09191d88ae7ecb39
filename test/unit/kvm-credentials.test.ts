import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { PodDescription, VirtualMachine } from "../../src/pod/engine.ts";
import { createKvmEngines } from "../../src/stage1/kvm/engine.ts";
import { credentialCommands, credentialNames } from "../../src/stage1/kvm/credentials.ts";
import { describePod } from "../lib/pod-description.ts";

function withCredentials(...credentials: (readonly string[])[]): PodDescription {
  const [app] = describePod().apps;
  return describePod({ apps: credentials.map((names, index) => ({ ...app!, name: `app${index}` as never, credentials: names })) });
}

test("the credentials of all apps come on one disk, behind the images'", () => {
  const pod = withCredentials(["key", "word"], ["key"]);
  assert.deepEqual(credentialNames(pod), ["key", "word"]);
  const layers = [...new Set(pod.apps.flatMap((app) => app.layers))];
  const disks = Object.fromEntries(layers.map((layer, index) => [layer, `/disk${index}`]));
  const machine: VirtualMachine = {
    ...{ hypervisor: "qemu", accelerator: "kvm", program: "/usr/bin/qemu", kernel: "/kernel", initrd: "/initrd", system: "/system" },
    ...{ disks, memory: 2 ** 27, cpus: 1, cid: 5, kernelSettings: [], warnings: [] },
  };
  const [engine] = createKvmEngines({ pod: new Map(), guest: new Map() });
  const plan = engine!.plan({ ...pod, virtualMachine: machine });
  const files = plan.argv.flatMap((word) => /file(?:name)?=([^,]+)/.exec(word)?.[1] ?? []);
  assert.deepEqual(files, ["/system", ...Object.values(disks), `/run/rkt/vm/${pod.uuid}/credentials`]);
  const initrd = plan.files.flatMap((file) => (file.kind === "joined" ? [file.content] : [])).join("");
  const letter = String.fromCodePoint(97 + 1 + layers.length);
  assert.match(initrd, new RegExp(`^- /rkt/credentials dir 700,0,0\n/dev/vd${letter} /rkt/credentials erofs ro,nosuid,nodev,noexec$`, "m"));
});

test("a pod whose unit lacks one does not start, and says which", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "rkt-credentials-"));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const name of ["guest", "vm", "unit"]) mkdirSync(join(directory, name));
  writeFileSync(join(directory, "unit/key"), "hush");
  const commands = credentialCommands(withCredentials(["key", "word"]), "nobody").join("\n");
  const script = `set -eu; guest=${directory}/guest vm=${directory}/vm\n${commands}`;
  const { status, stderr } = spawnSync("/bin/sh", ["-c", script], {
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin", CREDENTIALS_DIRECTORY: join(directory, "unit") },
  });
  assert.equal(status, 1);
  assert.match(stderr, /^Cannot start pod "[^"]+" in a virtual machine: its unit has no credential "word"\n$/);
});

test("a pod without credentials has no disk for them", () => {
  assert.deepEqual([credentialNames(describePod()), credentialCommands(describePod(), "rkt-vm")], [[], []]);
});
