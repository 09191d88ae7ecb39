import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { waitFor } from "../lib/wait-for.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What a user types: npm run -s host -- ARG… */
function runHost(...argv: string[]): ChildProcess {
  return spawn("npm", ["run", "-s", "host", "--", ...argv], { cwd: ROOT, stdio: "pipe" });
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
}

async function end(child: ChildProcess, input = ""): Promise<Ended> {
  child.stdin?.end(input);
  child.stderr?.resume();
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const stdout = await text(child.stdout!);
  return { stdout, status: await closed };
}

forEachSuite((suite) => {
  test("npm run host gives a command the input, and nothing but its output and status back", async () => {
    const script = 'cat; rkt version | head -n 1; . /etc/os-release; echo "$VERSION_CODENAME"; echo err >&2; exit 7';
    const { status, stdout } = await end(runHost(`--suite=${suite}`, "sh", "-c", script), "in\n");
    assert.match(stdout, new RegExp(`^in\\nrkt Version: .*\\n${suite}\\n$`));
    assert.equal(status, 7);
  });

  test("npm run host several times at once makes as many hosts", async () => {
    const runs = ["1", "2", "3"].map((word) =>
      end(runHost(`--suite=${suite}`, "sh", "-c", `cat /proc/sys/kernel/random/uuid; exit ${word}`)),
    );
    const results = await Promise.all(runs);
    assert.deepEqual(
      results.map(({ status }) => status),
      [1, 2, 3],
    );
    assert.equal(new Set(results.map(({ stdout }) => stdout)).size, 3);
  });

  test("npm run host without a command is a shell on a terminal", async () => {
    const child = spawn("script", ["--quiet", "--return", "--command", `npm run -s host -- --suite=${suite}`, "/dev/null"], {
      cwd: ROOT,
      stdio: "pipe",
    });
    let shown = "";
    child.stdout.on("data", (bytes: Buffer) => (shown += bytes.toString()));
    const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
    await waitFor(() => (shown.includes("root@host") ? true : undefined), { what: "the prompt" });
    child.stdin.write("tty; rkt list; exit 9\r");
    assert.equal(await closed, 9);
    assert.match(shown, /\r\/dev\/pts\/\d+\r\n/);
    assert.match(shown, /UUID[^\n]+APP[^\n]+IMAGE NAME/);
  });
});
