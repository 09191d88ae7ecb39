import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, test } from "node:test";
import { startScript, stopScript } from "../../src/apply/scripts.ts";
import { networkUp } from "../../src/net/script.ts";
import type { EnginePlan, PodDescription } from "../../src/pod/engine.ts";
import type { PodNetwork } from "../../src/spec/network.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const base = mkdtempSync(join(tmpdir(), "rkt-start-"));
after(() => rmSync(base, { recursive: true }));

const bin = join(base, "bin");
mkdirSync(bin);
for (const name of ["chgrp", "ip", "nsenter"]) writeFileSync(join(bin, name), "#!/bin/sh\n", { mode: 0o755 });

/** Executed as a unit does it, but with another umask than systemd's default; what is said. */
function execute(file: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", `umask 077; . "$0"`, file, ...words], {
    encoding: "utf8",
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, SERVICE_RESULT: "success", EXIT_CODE: "exited", EXIT_STATUS: "0" },
  });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}

describe("the umask of a unit", () => {
  const plan = (liveness: EnginePlan["liveness"]): EnginePlan =>
    ({ files: [], argv: [], service: [], stopCommands: [], stopTimeoutUsec: 0, ...(liveness && { liveness }) }) as EnginePlan;

  function start(name: string, liveness: EnginePlan["liveness"]): { readonly directory: string; readonly mask: string } {
    const directory = join(base, name);
    const dirs = { dataDir: directory, runDir: join(directory, "run") };
    for (const path of [directory, join(dirs.runDir, "locks"), join(directory, "journal")]) mkdirSync(path, { recursive: true });
    const { name: _, ...pod } = describePod({ apps: [describeApp("main")], volumes: [] });
    const places: PodDescription = { ...pod, paths: { ...pod.paths, pod: directory, journal: join(dirs.runDir, "journal/x") } };
    const file = join(directory, "script");
    writeFileSync(
      file,
      startScript({ pod: places, dirs, generation: "1", plan: plan(liveness) }).replaceAll("/var/log/journal", `${directory}/journal`),
    );
    const mask = execute(file, "sh", "-c", "umask");
    writeFileSync(join(directory, "status/main"), "exited 0 success\n");
    writeFileSync(file, stopScript({ pod: places, dirs, plan: plan(liveness), sockets: [] }));
    execute(file);
    return { directory, mask: mask.trim() };
  }

  for (const [engine, liveness, mask] of [
    ["an engine that holds the lock", undefined, "0022"],
    ["a virtual machine", "sibling", "0022"],
    ["an app that is the unit's main process", "cgroup", "0077"],
  ] as const) {
    it(`hides no record of a pod from group rkt, and is that of ${engine}: ${mask}`, () => {
      const run = start(engine.replaceAll(/[^a-z]/g, ""), liveness);
      for (const record of ["starting", "started", "last", "ended"])
        assert.equal(statSync(join(run.directory, record)).mode & 0o777, 0o644, record);
      assert.equal(run.mask, mask);
    });
  }
});

test("a start that failed shows nothing of the run before it, wherever it failed; that of a run stays", () => {
  const directory = join(base, "failed");
  const dirs = { dataDir: directory, runDir: join(directory, "run") };
  for (const path of [directory, join(dirs.runDir, "locks"), join(directory, "journal")]) mkdirSync(path, { recursive: true });
  const { name: _, ...pod } = describePod({ apps: [describeApp("main")], volumes: [] });
  const places: PodDescription = { ...pod, paths: { ...pod.paths, pod: directory, journal: join(dirs.runDir, "journal/x") } };
  const result = { read: [], end: ['echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS"', "exit 0"] };
  const plan = { files: [], argv: [], service: [], stopCommands: [], stopTimeoutUsec: 0, result } as EnginePlan;
  const start = join(directory, "start");
  const stop = join(directory, "stop");
  writeFileSync(start, startScript({ pod: places, dirs, generation: "1", plan }).replaceAll("/var/log/journal", `${directory}/journal`));
  writeFileSync(stop, stopScript({ pod: places, dirs, plan, sockets: [] }));
  const shown = (): string[] => ["last", "ended"].map((record) => readFileSync(join(directory, record), "utf8"));

  execute(start);
  writeFileSync(join(directory, "status/main"), "exited 5 exit-code\n");
  execute(stop);
  assert.equal(execute(stop, "result"), "success exited 0\n");
  assert.deepEqual(shown(), ["success exited 0\n", "main exited 5 exit-code\n"]);
  assert.ok(existsSync(join(directory, "status/main")), "its time is the app's end");

  // As 243/CREDENTIALS: systemd executes the end's lines only.
  execute(stop);
  assert.deepEqual(shown(), ["success - -\n", ""]);
  assert.ok(!existsSync(join(directory, "status")));

  execute(start);
  writeFileSync(join(directory, "status/main"), "exited 0 success\n");
  execute(stop);
  assert.deepEqual(shown(), ["success exited 0\n", "main exited 0 success\n"]);
});

test("a pod without ports is masqueraded again by its start, after nftables.service was stopped", () => {
  const run = join(base, "flushed");
  const sys = join(run, "sys");
  mkdirSync(join(sys, "rkt-default"), { recursive: true });
  const tables = join(run, "tables");
  writeFileSync(join(bin, "nft"), `#!/bin/sh\ncat >>${tables}\n`, { mode: 0o755 });
  const places = (text: string): string =>
    text
      .replaceAll("/run/rkt", run)
      .replaceAll("/sys/class/net", sys)
      .replaceAll("/proc/sys", join(run, "proc"))
      .replaceAll("/usr/lib/rkt/network", join(run, "program"));
  const program = places(readFileSync(new URL("../../units/libexec/network", import.meta.url), "utf8"));
  writeFileSync(join(run, "program"), program, { mode: 0o755 });
  const network = {
    ...{ kind: "namespace", path: join(run, "netns"), ports: [] },
    interfaces: [{ network: "default", name: "eth0", hostName: "rktd0002", bridge: "rkt-default", addresses: [] }],
  } as unknown as PodNetwork;
  const file = join(run, "start");
  writeFileSync(file, `set -eu\n${places(networkUp(network, { directory: run, runDir: "/run/rkt", uuid: "x" }).join("\n"))}\n`);
  const ask = (word: string): void => assert.equal(spawnSync(join(run, "program"), [word]).status, 0);

  writeFileSync(join(run, "network"), "");
  execute(file);
  assert.ok(!existsSync(tables), "what stands is left alone");
  ask("stopped");
  execute(file);
  assert.match(readFileSync(tables, "utf8"), /ip saddr 172\.16\.28\.0\/22 oifname != "rkt-default" masquerade/);
  rmSync(tables);
  execute(file);
  assert.ok(!existsSync(tables), "once");
});
