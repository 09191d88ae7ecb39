import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const MODULE = new URL("../../src/cli/become-program.ts", import.meta.url).href;

/** What a process does that ends by becoming a program; descriptor 9 is a pipe. */
function become(argv: readonly string[], env: Readonly<Record<string, string>>): { status: number | null; stdout: string; plan: string } {
  const script = `import { becomeProgram } from ${JSON.stringify(MODULE)}; process.exitCode = becomeProgram(${JSON.stringify(argv)}, ${JSON.stringify(env)});`;
  const stdio = [..."ppppppppp"].map((_, index) => (index < 3 ? "pipe" : "ignore") as "pipe" | "ignore");
  const result = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { stdio: [...stdio, "pipe"], encoding: "utf8" });
  return { status: result.status, stdout: result.stdout, plan: result.output[9] ?? "" };
}

test("where the sh door waits, the plan is written for it and nothing is run", () => {
  assert.deepEqual(become(["echo", "it's"], { RKT_PLAN_FD: "9" }), { status: 0, stdout: "", plan: `'echo' 'it'\\''s'\n` });
});

test("without the sh door the program runs as a child, with the given environment and without the descriptor's name", () => {
  const env = { PATH: process.env["PATH"] ?? "", A: "b" };
  assert.deepEqual(become(["sh", "-c", "echo $A $RKT_PLAN_FD; exit 7"], env), { status: 7, stdout: "b\n", plan: "" });
  assert.equal(become(["sh", "-c", "kill -TERM $$"], env).status, 143);
});

test("a plan that the pipe could not hold is run as a child", () => {
  const long = "x".repeat(70_000);
  const { stdout, plan } = become(["printf", "%s", long], { PATH: process.env["PATH"] ?? "", RKT_PLAN_FD: "9" });
  assert.equal(plan, "");
  assert.equal(stdout, long);
});
