/** The whole plan of the fly engine as text. `UPDATE=1 npm run ok` writes the expectations anew: read their difference. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RktError } from "../../src/base/error.ts";
import { parseAcName } from "../../src/base/id.ts";
import { createHost } from "../../src/host/node-host.ts";
import type { AppDescription, EnginePlan, PodDescription } from "../../src/pod/engine.ts";
import { createFlyEngine } from "../../src/stage1/fly/engine.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const EXPECTED = join(import.meta.dirname, "fly");
const engine = createFlyEngine();

const isolator = (name: string, value: unknown) => ({ name: name as AppDescription["isolators"][number]["name"], value });
const sample = describePod();

const flyPod = (app: Partial<AppDescription>, changes: Partial<PodDescription> = {}): PodDescription =>
  describePod({
    apps: [describeApp("app", app)],
    sockets: [],
    devices: [],
    sysctls: [],
    network: { kind: "host" },
    hostname: `rkt-${sample.uuid}`,
    journalMaxUse: 64 << 20,
    ...changes,
  });

const PODS: Readonly<Record<string, PodDescription>> = {
  everything: flyPod({}),
  limits: flyPod({
    output: "journal",
    reloadSignal: "SIGHUP",
    isolators: [
      isolator("os/linux/capabilities-retain-set", { set: ["CAP_CHOWN", "CAP_NET_ADMIN"] }),
      isolator("resource/memory", { limit: "64Mi" }),
      isolator("os/linux/no-new-privileges", true),
    ],
  }),
  job: flyPod({ output: "journal", notify: false, mounts: [], provided: [], readOnlyRootFS: false }, { job: true, volumes: [] }),
  foreground: flyPod(
    { notify: false, provided: ["/etc/hosts", "/etc/resolv.conf"] },
    {
      console: { kind: "pipes", directory: "/run/rkt/console/x", stdin: true },
      resolvConf: { kind: "text", text: "nameserver 192.0.2.1\n" },
    },
  ),
};

for (const [name, pod] of Object.entries(PODS)) {
  test(`fly plans ${name} as ${name}.txt says`, () => {
    engine.check(pod, createHost());
    const text = formatPlan(engine.plan(pod));
    const path = join(EXPECTED, `${name}.txt`);
    if (process.env["UPDATE"] === "1") {
      mkdirSync(EXPECTED, { recursive: true });
      writeFileSync(path, text);
    }
    assert.equal(text, readFileSync(path, "utf8"));
  });
}

const REFUSED: Readonly<Record<string, readonly [pod: PodDescription, words: RegExp]>> = {
  "two apps": [flyPod({}, { apps: sample.apps }), /runs one app, the pod has 2/],
  "another network": [flyPod({}, { network: { kind: "none" } }), /host's network and no other/],
  "private users": [flyPod({}, { users: { base: 65536, count: 65536 } }), /no user namespace/],
  "a kernel parameter": [flyPod({}, { sysctls: [{ name: "kernel.msgmax", value: "1" }] }), /kernel\.msgmax/],
  "a device": [flyPod({}, { devices: [{ path: "/dev/fuse", access: "rw" }] }), /all of the host's devices/],
  "a host name": [flyPod({}, { hostname: "other" }), /host name/],
  "a filter of system calls": [flyPod({ isolators: [isolator("os/linux/seccomp-remove-set", { set: ["mount"] })] }), /seccomp-remove-set/],
  "an isolator that nothing enforces": [
    flyPod({ isolators: [isolator("resource/network-bandwidth", { default: true, limit: "1M" })] }),
    /network-bandwidth/,
  ],
  "a variable that is none": [flyPod({ environment: [{ name: "A=B", value: "" }] }), /A=B/],
};

for (const [what, [pod, words]] of Object.entries(REFUSED)) {
  test(`fly refuses ${what} in words`, () => {
    assert.throws(
      () => engine.check(pod, createHost()),
      (error) => error instanceof RktError && words.test(error.message),
    );
  });
}

test("fly mounts what lies above first, and covers no volume with a file of names", () => {
  const volume = (name: string) => ({ ...sample.volumes[0]!, name: parseAcName(name) });
  const mount = (name: string, path: string) => ({ volume: parseAcName(name), path, readOnly: false });
  const pod = flyPod(
    { mounts: [mount("in", "/etc/app/in"), mount("etc", "/etc")], provided: ["/etc/hosts"] },
    { volumes: [volume("in"), volume("etc")] },
  );
  const spec = engine.plan(pod).files.find((file) => file.path === "stage1/spec");
  const targets = (spec?.kind === "file" ? spec.content : "").split("\n").filter((line) => line.startsWith("bind\t"));
  assert.deepEqual(
    targets.map((line) => line.split("\t")[4]),
    ["/proc", "/sys", "/dev", "/run/systemd/journal", "/etc", "/etc/app/in"],
  );
});

test("fly lets an app that is watched speak to systemd, and says itself when it is ready", () => {
  const items = (app: Partial<AppDescription>): string[] => {
    const spec = engine.plan(flyPod(app)).files.find((file) => file.path === "stage1/spec");
    return (spec?.kind === "file" ? spec.content : "").split("\n").filter((line) => /^(notify|watchdog|pass\tNOTIFY_SOCKET)$/.test(line));
  };
  const { watchdogUsec: _watchdog, ...unwatched } = describeApp("app", { notify: false });
  assert.deepEqual(items({ notify: false }), ["watchdog", "pass\tNOTIFY_SOCKET"]);
  assert.deepEqual(items({ notify: true }), ["notify", "pass\tNOTIFY_SOCKET"]);
  const spec = engine.plan({ ...flyPod({}), apps: [unwatched] }).files.find((file) => file.path === "stage1/spec");
  assert.doesNotMatch(spec?.kind === "file" ? spec.content : "", /NOTIFY_SOCKET|watchdog/);
});

function formatPlan(plan: EnginePlan): string {
  return `${[
    ...["# command", ...plan.argv, ""],
    ...["# unit of the host", serializeUnitFile(unitFile({ Service: plan.service }))],
    ...["# at the end of each run", ...(plan.endCommands ?? []), ...plan.stopCommands, ""],
    `# stops within ${plan.stopTimeoutUsec / 1e6} s`,
    "",
    ...plan.files.map((file) => {
      if (file.kind === "symlink") return `${file.path} -> ${file.target}`;
      const mode = file.mode.toString(8).padStart(4, "0");
      return file.kind === "directory" ? `${file.path}/ ${mode}` : `${file.path} ${mode}\n${file.content.replaceAll(/^(?=.)/gm, "  | ")}`;
    }),
  ].join("\n")}\n`;
}
