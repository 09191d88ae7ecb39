import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseAcName } from "../../src/base/id.ts";
import type { AppDescription } from "../../src/pod/engine.ts";
import { nspawnArgv } from "../../src/stage1/nspawn/argv.ts";
import { appUnits } from "../../src/stage1/tree/app-units.ts";
import { bootScript } from "../../src/stage1/tree/boot-script.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const base = mkdtempSync(join(tmpdir(), "rkt-tree-"));
after(() => rmSync(base, { recursive: true }));

interface Failure {
  readonly unit: "rkt_failed@" | "rkt_gave-up@";
  readonly ended: string;
  readonly result?: string;
  /** Processes and statuses of failures that were written before. */
  readonly before?: string;
  readonly app?: string;
}

/** The status of the unit that records a failure, and the app's record. */
function record({ unit, ended, result = "exit-code", before = "", app = "web" }: Failure): { status: number | null; written: string } {
  const [status, failures] = [join(base, "status"), join(base, "failures")];
  rmSync(status, { recursive: true, force: true });
  mkdirSync(status);
  writeFileSync(failures, before);
  const text = readFileSync(join(import.meta.dirname, "../../units/stage1", `${unit}.service`), "utf8").replaceAll("\\\n", "");
  const script = (/^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(text)?.[1] ?? "")
    .replaceAll("$$", "$")
    .replaceAll("%i", app)
    .replaceAll("/rkt/status", status)
    .replaceAll("/run/rkt_failures", failures);
  const [code = "", number = ""] = ended.split(" ");
  const env = { MONITOR_EXIT_CODE: code, MONITOR_EXIT_STATUS: number, MONITOR_SERVICE_RESULT: result };
  const run = spawnSync("/bin/sh", ["-c", script], { env, encoding: "utf8" });
  assert.equal(run.stderr, "");
  return { status: run.status, written: spawnSync("/bin/sh", ["-c", `cat ${status}/*`], { encoding: "utf8" }).stdout.trim() };
}

for (const [what, failure, status] of [
  ["the only failure leaves the pod's status as it is", { unit: "rkt_failed@", ended: "exited 5" }, 0],
  ["an earlier failure's status is put back", { unit: "rkt_failed@", ended: "exited 143", before: "1 5\n" }, 5],
  ["a later failure that was written before gives way", { unit: "rkt_failed@", ended: "exited 5", before: "9999999 143\n" }, 5],
  ["the first of three counts", { unit: "rkt_failed@", ended: "exited 143", before: "3 9\n1 5\n2 7\n" }, 5],
  ["a signal is 255", { unit: "rkt_failed@", ended: "killed KILL", result: "signal", before: "9999999 143\n" }, 255],
  ["what did not run has no status", { unit: "rkt_failed@", ended: " ", result: "success", before: "1 5\n" }, 0],
  ["an app that gave up ends the pod with its status", { unit: "rkt_gave-up@", ended: "exited 9" }, 9],
  ["an app that gave up by a signal ends the pod with 255", { unit: "rkt_gave-up@", ended: "killed TERM", result: "signal" }, 255],
  ["an app that gave up without having run ends the pod with 255", { unit: "rkt_gave-up@", ended: " ", result: "resources" }, 255],
  ["an app that gave up after another failed ends with that one's", { unit: "rkt_gave-up@", ended: "exited 143", before: "1 5\n" }, 5],
] as const satisfies readonly (readonly [string, Failure, number])[]) {
  test(`failures inside a pod: ${what}`, () => {
    const recorded = record(failure);
    assert.equal(recorded.status, status);
    const { result } = { result: "exit-code", ...failure };
    assert.equal(recorded.written, `${failure.ended} ${result}`.trim());
  });
}

test("failures inside a pod: a handler's counts, and is no app's record", () => {
  const recorded = record({ unit: "rkt_failed@", ended: "exited 143", before: "1 3\n", app: "rkt_pre-start-web" });
  assert.deepEqual(recorded, { status: 3, written: "" });
  const handler = unitOf(describeApp("web"), "rkt_pre-start-web.service");
  assert.match(handler, /^OnFailure=rkt_failed@rkt_pre-start-web\.service$/m);
});

function unitOf(app: AppDescription, name: string, apps: readonly AppDescription[] = [app]): string {
  const file = appUnits(describePod({ apps }), app).find(({ path }) => path.endsWith(`/${name}`));
  return file?.kind === "file" ? file.content : "";
}

test("an app whose restart ends others brings those back that always run", () => {
  const requires = [parseAcName("db")];
  const bound = [
    describeApp("web", { requires, restart: "always" }),
    describeApp("once", { requires, restart: "no" }),
    describeApp("quiet", { requires, restart: "on-failure" }),
  ];
  const wants = (restart: AppDescription["restart"]) => {
    const db = describeApp("db", { restart, output: "journal" });
    return [...unitOf(db, "db.service", [db, ...bound]).matchAll(/^Wants=(.*)$/gm)].map(([, units]) => units);
  };
  assert.deepEqual(wants("on-failure"), ["rkt_apps.target", "web.service"]);
  assert.deepEqual(wants("no"), ["rkt_apps.target"]);
});

test("with private users the pod mounts a tmpfs itself, which so has the owner that was asked for", () => {
  const [volume] = describePod().volumes.filter(({ kind }) => kind === "tmpfs");
  assert.ok(volume !== undefined);
  const volumes = [{ ...volume, uid: 1000, gid: 1001, mode: "0700" }];
  const options = "mode=0700,uid=1000,gid=1001,size=1048576";
  const line = `echo 'tmpfs /rkt/vol/scratch tmpfs nodev,strictatime,${options}'`;
  const plain = describePod({ volumes });
  assert.ok(nspawnArgv(plain).includes(`--tmpfs=/rkt/vol/scratch:${options}`));
  assert.ok(!bootScript(plain).includes(line));
  const mapped = describePod({ volumes, users: { base: 65536, count: 65536 } });
  assert.ok(!nspawnArgv(mapped).some((word) => word.startsWith("--tmpfs=")));
  assert.ok(bootScript(mapped).includes(line));
});
