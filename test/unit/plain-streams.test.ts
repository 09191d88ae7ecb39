import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";

const directory = mkdtempSync(`${tmpdir()}/rkt-streams-`);
after(() => rmSync(directory, { recursive: true }));

/** A foreground job of its own, whose standard output counts as a terminal; `body` has `streams`, and `out`, which is handed over. */
function startJob(body: string): ChildProcess {
  const script = `import { spawn } from "node:child_process";
    import { writeSync } from "node:fs";
    import { openPlainStreams } from ${JSON.stringify(import.meta.resolve("../../src/host/plain-streams.ts"))};
    const streams = openPlainStreams([false, true, false], ${JSON.stringify(directory)});
    const out = streams.stdio[1];
    ${body}`;
  const argv = ["--input-type=module", "--eval", script];
  return spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"], detached: true });
}

/** What it shows in all, when it is interrupted as by a terminal's ^C as soon as it has shown something. */
async function interrupt(job: ChildProcess): Promise<string> {
  const output = job.stdout as Readable;
  await once(output, "readable");
  const shown = text(output);
  process.kill(-(job.pid ?? 0), "SIGINT");
  return await shown;
}

test("what a command says after ^C is shown to its end", { timeout: 20_000 }, async () => {
  const job = startJob(`process.on("SIGINT", async () => {
      writeSync(out, "last words\\n");
      await streams.close();
      process.exit();
    });
    setInterval(() => undefined, 1000);
    writeSync(out, "ready\\n");`);
  assert.equal(await interrupt(job), "ready\nlast words\n");
});

test("^C ends the wait for a process that was left behind", { timeout: 20_000 }, async () => {
  const job = startJob(`process.on("SIGINT", () => undefined);
    const left = spawn("sleep", ["600"], { stdio: ["ignore", out, "ignore"], detached: true });
    writeSync(out, "ready\\n");
    await streams.close();
    left.kill();`);
  assert.equal(await interrupt(job), "ready\n");
});
