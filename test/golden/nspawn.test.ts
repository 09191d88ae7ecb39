/** The whole plan of the nspawn engine as text. `UPDATE=1 npm run ok` writes the expectations anew: read their difference. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAcIdentifier, parseAcName, parseImageId } from "../../src/base/id.ts";
import { createHost } from "../../src/host/node-host.ts";
import type { AppDescription, EnginePlan, PlanFile, PodDescription } from "../../src/pod/engine.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const EXPECTED = join(import.meta.dirname, "nspawn");

/** An app without anything optional. */
const PLAIN: Partial<AppDescription> = {
  layers: ["/var/lib/rkt/cas/tree/app/rootfs"],
  exec: ["/bin/app"],
  uid: 0,
  gid: 0,
  supplementaryGids: [],
  workingDirectory: "/",
  environment: [{ name: "PATH", value: "/bin" }],
  mounts: [],
  readOnlyRootFS: false,
  provided: [],
  notify: false,
  output: "journal",
  restart: "no",
  directives: [],
};

const plain = (name: string, changes: Partial<AppDescription> = {}): AppDescription => {
  const { preStart: _preStart, postStop: _postStop, watchdogUsec: _watchdog, restartUsec: _restart, ...app } = describeApp(name, PLAIN);
  return { ...app, ...changes };
};

const small = (changes: Partial<PodDescription>): PodDescription =>
  describePod({ volumes: [], sockets: [], devices: [], sysctls: [], network: { kind: "host" }, ...changes });

const isolator = (name: string, value: unknown) => ({ name: name as AppDescription["isolators"][number]["name"], value });

const PODS: Readonly<Record<string, PodDescription>> = {
  smallest: small({ apps: [plain("app")] }),
  everything: describePod(),
  stage1: small({
    apps: [plain("app")],
    stage1: {
      id: parseImageId(`sha512-${"b".repeat(128)}`),
      name: parseAcIdentifier("coreos.com/rkt/stage1-coreos"),
      version: "2.0.0",
      root: "/var/lib/rkt/cas/tree/stage1/rootfs",
    },
  }),
  job: small({ apps: [plain("app")], job: true }),
  sockets: small({
    apps: [plain("web"), plain("db", { uid: 999, gid: 999 })],
    sockets: [
      { name: "http", app: parseAcName("web"), listen: [{ kind: "stream", address: "[::]:80" }], options: [["BindIPv6Only", "both"]] },
      { name: "admin", app: parseAcName("web"), listen: [{ kind: "stream", address: "/run/web.sock" }], options: [] },
      { name: "query", app: parseAcName("db"), listen: [{ kind: "datagram", address: "127.0.0.1:53" }], options: [] },
    ],
  }),
  terminal: small({
    apps: [
      plain("shell", { streams: { stdin: "tty", stdout: "tty", stderr: "tty" }, environment: [{ name: "TERM", value: "vt100" }] }),
      plain("split", { streams: { stdin: "null", stdout: "tty", stderr: "log" }, output: "pipe" }),
      plain("typed", { streams: { stdin: "tty", stdout: "log", stderr: "null" } }),
      plain("silent", { streams: { stdin: "null", stdout: "null", stderr: "null" } }),
    ],
  }),
  "terminal-console": small({
    console: { kind: "pipes", directory: "/var/lib/rkt/pods/run/UUID/console", stdin: true },
    apps: [
      plain("errors", { streams: { stdin: "tty", stdout: "tty", stderr: "log" }, output: "pipe" }),
      plain("output", { streams: { stdin: "null", stdout: "log", stderr: "null" }, output: "pipe" }),
    ],
  }),
  order: small({
    apps: [
      plain("db", { restart: "always", reloadSignal: "SIGHUP", stopSignal: "SIGQUIT" }),
      plain("web", { requires: [parseAcName("db")], stopTimeoutUsec: 90_000_000 }),
      plain("log", { after: [parseAcName("db")] }),
    ],
  }),
  isolators: small({
    apps: [
      plain("retain", {
        isolators: [
          isolator("os/linux/capabilities-retain-set", { set: ["CAP_NET_ADMIN", "CAP_CHOWN"] }),
          isolator("os/linux/seccomp-retain-set", { set: ["@systemd/network-io", "read", "write"], errno: "EPERM" }),
          isolator("os/linux/no-new-privileges", true),
          isolator("os/linux/cpu-shares", 2048),
        ],
      }),
      plain("remove", {
        isolators: [
          isolator("os/linux/capabilities-remove-set", { set: ["CAP_MKNOD"] }),
          isolator("os/linux/seccomp-remove-set", { set: ["@rkt/default-blacklist"] }),
          isolator("resource/memory", { limit: "64Mi" }),
          isolator("resource/cpu", { limit: "250m" }),
          isolator("os/linux/oom-score-adj", 500),
        ],
      }),
    ],
  }),
};

const [engine] = loadEngines(createHost());
assert.ok(engine !== undefined);

for (const [name, pod] of Object.entries(PODS)) {
  test(`nspawn plans ${name} as ${name}.txt says`, () => {
    const text = formatPlan(engine.plan(pod));
    const path = join(EXPECTED, `${name}.txt`);
    if (process.env["UPDATE"] === "1") {
      mkdirSync(EXPECTED, { recursive: true });
      writeFileSync(path, text);
    }
    assert.equal(text, readFileSync(path, "utf8"));
  });
}

function formatPlan(plan: EnginePlan): string {
  const head = [
    ...["# command", ...plan.argv, ""],
    ...["# unit of the host", serializeUnitFile(unitFile({ Service: plan.service }))],
    ...["# at the end of each run", ...plan.stopCommands, ""],
    `# machine ${plan.machine?.name ?? "none"} (${plan.machine?.class ?? "none"}), stops within ${plan.stopTimeoutUsec / 1e6} s`,
  ];
  return `${[...head, "", ...plan.files.map(formatFile)].join("\n")}\n`;
}

function formatFile(file: PlanFile): string {
  if (file.kind === "symlink") return `${file.path} -> ${file.target}`;
  const mode = file.mode.toString(8).padStart(4, "0");
  if (file.kind === "directory") return `${file.path}/ ${mode}`;
  return `${file.path} ${mode}\n${file.content.replaceAll(/^(?=.)/gm, "  | ")}`;
}
