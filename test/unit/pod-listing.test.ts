import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseUuid } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { createAdHoc, isLauncherAlive, moveAdHoc, writeLauncher } from "../../src/pod/ad-hoc.ts";
import { phaseDirectory } from "../../src/pod/paths.ts";
import { listPods, readPod } from "../../src/pod/pod.ts";

const uuid = parseUuid("0f1e2d3c-4b5a-4968-8776-655443322110");

/** A pod that moves from `prepare` to `run` right behind the listing of, or the look into, one phase. */
function movingPod(after: "prepare" | "run"): { readonly host: Host; readonly dirs: { dataDir: string; runDir: string }; close(): void } {
  const root = fs.mkdtempSync(join(tmpdir(), "rkt-listing-"));
  const host = createHost();
  const dirs = { dataDir: join(root, "data"), runDir: join(root, "run") };
  createAdHoc(host, dirs, uuid).release();
  let moved = false;
  const behind = <Result>(path: string, result: Result): Result => {
    if (!moved && path.startsWith(phaseDirectory(dirs, after))) {
      moved = true;
      moveAdHoc(host, dirs, uuid, ["prepare", "run"]);
    }
    return result;
  };
  const files = {
    ...host.files,
    tryList: (path: string) => behind(path, host.files.tryList(path)),
    exists: (path: string) => behind(path, host.files.exists(path)),
  };
  return { host: { ...host, files }, dirs, close: () => fs.rmSync(root, { recursive: true, force: true }) };
}

for (const after of ["prepare", "run"] as const) {
  test(`a pod that moves to run right behind the look into ${after} is listed once, and found`, () => {
    const listed = movingPod(after);
    assert.deepEqual(
      listPods(listed.host, listed.dirs).map((pod) => pod.uuid),
      [uuid],
    );
    listed.close();
    const found = movingPod(after);
    const pod = readPod(found.host, found.dirs, uuid) ?? listPods(found.host, found.dirs)[0];
    assert.equal(pod?.uuid, uuid);
    found.close();
  });
}

test("a pod's launcher is alive as long as its process is, and no more once the run's script has emptied the file", () => {
  const directory = fs.mkdtempSync(join(tmpdir(), "rkt-launcher-"));
  const host = createHost();
  const alive = (): boolean => isLauncherAlive(host, directory);
  try {
    assert.equal(alive(), false);
    writeLauncher(host, directory, process.pid);
    assert.equal(alive(), true);
    const whole = fs.readFileSync(`${directory}/launcher`, "utf8");
    for (const [wrong, text] of [
      ["another process", whole.replace(/^[0-9]+ [0-9]+/, `${process.pid} 1`)],
      ["no process", whole.replace(/^[0-9]+/, String(2 ** 30))],
      ["another boot", whole.replace(/[0-9a-f-]+\n$/, "00000000-0000-0000-0000-000000000000\n")],
      ["no number", "self 1 1\n"],
      ["nothing", ""],
    ] as const) {
      fs.writeFileSync(`${directory}/launcher`, text);
      assert.equal(alive(), false, wrong);
    }
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

test("a launcher that ends while it is looked at is not alive", () => {
  const directory = fs.mkdtempSync(join(tmpdir(), "rkt-launcher-"));
  const host = createHost();
  writeLauncher(host, directory, process.pid);
  const tryReadText = (path: string): string | undefined => {
    if (path.startsWith("/proc/") && path.endsWith("/stat"))
      throw Object.assign(new Error("ESRCH: no such process, read"), { code: "ESRCH" });
    return host.files.tryReadText(path);
  };
  const ending: Host = { ...host, files: { ...host.files, tryReadText } };
  assert.equal(isLauncherAlive(ending, directory), false);
  writeLauncher(ending, directory, process.pid);
  fs.rmSync(directory, { recursive: true });
});
