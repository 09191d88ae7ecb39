import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ApplyContext } from "../../src/apply/context.ts";
import { judgeAll } from "../../src/apply/judge.ts";
import { errno, RktError } from "../../src/base/error.ts";
import { createHost } from "../../src/host/node-host.ts";

const real = createHost();
const base = mkdtempSync(join(tmpdir(), "rkt-upgraded-"));
after(() => rmSync(base, { recursive: true }));

/** Judges where listing the pods fails so. */
async function judge(code: string): Promise<{ readonly error: RktError; readonly kept: boolean }> {
  const dirs = { dataDir: join(base, "data"), runDir: join(base, "run") };
  mkdirSync(`${dirs.runDir}/verdicts/pod`, { recursive: true });
  const tryList = (): never => {
    throw Object.assign(new Error("failed"), { code });
  };
  const host = { ...real, files: { ...real.files, tryList } };
  const error: unknown = await judgeAll({ host, dirs, manager: undefined, say: () => undefined } as unknown as ApplyContext).catch(
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RktError);
  return { error, kept: existsSync(`${dirs.runDir}/verdicts/pod`) };
}

test("a part of the program that is missing leaves the verdicts, with the status that rkt-verdicts.service is tried again for", async () => {
  const unit = readFileSync(join(import.meta.dirname, "../../units/host/rkt-verdicts.service"), "utf8");
  for (const code of ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"]) {
    const { error, kept } = await judge(code);
    assert.ok(kept, code);
    assert.match(error.message, /a part of rkt is missing/);
    assert.doesNotMatch(unit, new RegExp(`^RestartPreventExitStatus=.*\\b${error.exitCode}\\b`, "m"));
    assert.match(unit, new RegExp(`^ExecStopPost=.*\\|\\*/${error.exitCode}\\) ;;`, "m"));
  }
});

test("anything else takes them away", async () => {
  const { error, kept } = await judge("EIO");
  assert.ok(!kept);
  assert.equal(error.exitCode, 254);
});

test("a part of the installed program that an upgrade has removed is a missing module, each time it is asked for", () => {
  const script = readFileSync(join(import.meta.dirname, "../../packaging/build/entry.cjs"), "utf8");
  mkdirSync(join(base, "parts"));
  writeFileSync(join(base, "parts/core.js"), "({})");
  writeFileSync(join(base, "rkt.cjs"), script.replace("@PARTS@", "parts"));
  const { load } = createRequire(import.meta.url)(join(base, "rkt.cjs")) as { load(name: string): unknown };
  for (let time = 0; time < 2; time += 1)
    assert.throws(
      () => load("./part-1.js"),
      (error) => errno(error) === "MODULE_NOT_FOUND",
    );
});
