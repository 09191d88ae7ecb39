import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { writeSamplePods } from "../../packaging/build/sample-pods.ts";
import { exportCommand } from "../../src/cli/command/export.ts";
import type { Context } from "../../src/cli/context.ts";
import { readOptions } from "../../src/cli/read-options.ts";
import { run } from "../../src/cli/run/export.ts";
import { createHost } from "../../src/host/node-host.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-export-`);
after(() => rmSync(base, { recursive: true }));
writeSamplePods(base);

/** While somebody else holds all locks. */
function exportPod(uuid: string): Promise<number> {
  const paths = { dataDir: base, runDir: `${base}/run`, etcDir: "/nowhere", libDir: "/nowhere" };
  const host = { ...real, locks: { ...real.locks, tryLock: () => undefined } };
  return run({ host, paths } as unknown as Context, [uuid, `${base}/x.aci`], readOptions(exportCommand.options ?? [], new Map()));
}

test("a pod that has ended is not exported while another rkt works on it, which is what is said", async () => {
  await assert.rejects(exportPod("00000000-0000-4000-8000-000000000002"), {
    code: "pod-not-exported",
    message: 'Cannot export pod "00000000-0000-4000-8000-000000000002": another rkt works on it',
  });
});

test("a pod that has not ended is not exported", async () => {
  await assert.rejects(exportPod("00000000-0000-4000-8000-000000000001"), { message: /: it is prepared$/, hint: /has ended/ });
});
