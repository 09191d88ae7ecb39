import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { collect, type Result } from "../lib/run.ts";

/** /usr/bin/rkt with another program behind it, which does what its last argument says. */
const directory = mkdtempSync(join(tmpdir(), "rkt-door-"));
after(() => rmSync(directory, { recursive: true }));
const door = join(directory, "rkt");
const entry = join(directory, "entry.cjs");
const script = readFileSync(join(import.meta.dirname, "../../packaging/bin/rkt"), "utf8");
const parts = { "/usr/lib/rkt/bin/node": process.execPath, "/usr/lib/rkt/cli/rkt.cjs": entry };
const built = Object.entries(parts).reduce((text, [installed, own]) => text.replaceAll(installed, own), script);
writeFileSync(door, built, { mode: 0o755 });
writeFileSync(
  entry,
  `const { writeSync, readFileSync } = require("node:fs");
  const tell = (text) => console.log(text);
  const stay = () => setInterval(() => undefined, 1000);
  const acts = {
    plan: () => writeSync(Number(process.env.RKT_PLAN_FD), process.argv[3] + "\\n"),
    echo: () => { process.stderr.write("err"); tell(readFileSync(0, "utf8") + process.env.NODE_OPTIONS); process.exit(5); },
    graceful: () => { for (const name of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(name, () => { tell(name); process.exit(7); }); stay(); tell("ready"); },
    env: () => tell(JSON.stringify(process.env)),
    die: () => { stay(); tell("ready"); },
  };
  acts[process.argv.at(-1)]();`,
);

const environment = { PATH: process.env["PATH"], NODE_OPTIONS: "--no-such-option" };

function start(argv: readonly string[], stdio: readonly ("pipe" | "ignore" | number)[] = ["pipe", "pipe", "pipe"]): ChildProcess {
  return spawn("sh", [door, ...argv], { stdio: [...stdio], env: environment });
}

function run(argv: readonly string[], input = ""): Promise<Result> {
  return collect(start(argv), argv, { input });
}

async function startReady(argv: readonly string[]): Promise<{ readonly child: ChildProcess; readonly result: Promise<Result> }> {
  const child = start(argv);
  const result = collect(child, argv, {});
  const { stdout } = child;
  assert.ok(stdout);
  await new Promise<void>((resolve) => createInterface({ input: stdout }).once("line", () => resolve()));
  return { child, result };
}

for (const command of ["list", "run"]) {
  test(`${command}: standard streams, exit status, and none of the caller's settings of Node`, async () => {
    assert.deepEqual(await run([command, "echo"], "in "), { status: 5, stdout: "in undefined\n", stderr: "err" });
  });

  test(`${command}: SIGTERM, SIGHUP reach Node, whose exit status is the door's`, async () => {
    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      const { child, result } = await startReady([command, "graceful"]);
      child.kill(signal);
      assert.deepEqual(await result, { status: 7, stdout: `ready\n${signal}\n`, stderr: "" });
    }
  });

  test(`${command}: a signal that Node dies of shows in the exit status`, async () => {
    const { child, result } = await startReady([command, "die"]);
    child.kill("SIGTERM");
    assert.equal((await result).status, 143);
  });
}

test("a plan becomes this process: same process id, words, environment, default signals", async () => {
  const plan = `'sh' '-c' 'read a; echo "$a $$ $1 $NODE_OPTIONS \${RKT_PLAN_FD-none}"; grep SigIgn /proc/self/status; exit 9' 'sh' 'it'\\''s  two'`;
  const child = start(["run", plan, "plan"]);
  const result = await collect(child, [], { input: "line\n" });
  assert.equal(result.stderr, "");
  assert.match(result.stdout, new RegExp(`^line ${child.pid} it's  two --no-such-option none\nSigIgn:\\s+[0-9a-f]{12}[08]000\n$`));
  assert.equal(result.status, 9);
});

test("inherited descriptors reach the plan's program, ours do not", async () => {
  const nothing = Array.from({ length: 3 }, () => "pipe" as const);
  // Descriptors 3 and 5 to 9. Where the shell finds none below 10 free, its script stays open in the program.
  const inherited = Array.from({ length: 7 }, (_, index) => (index === 1 ? ("ignore" as const) : ("pipe" as const)));
  // The first free number of each list is what ls itself opens.
  const alone = await collect(start(["run", "ls /proc/self/fd", "plan"], nothing), [], {});
  assert.deepEqual(listLow(alone.stdout), [0, 1, 2, 3]);
  const more = await collect(start(["run", "ls /proc/self/fd", "plan"], [...nothing, ...inherited]), [], {});
  assert.deepEqual(listLow(more.stdout), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

/** Every name that stands in the script, as a caller might export it. */
const names = [...new Set(script.match(/[A-Za-z_]\w*/g))].filter((name) => !/^(PATH|PWD|IFS|NODE_\w+|RKT_\w+)$/.test(name));
const exported = Object.fromEntries(names.map((name) => [name, "the caller's"]));
const kept = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => Object.fromEntries(names.map((name) => [name, env[name]]));

for (const [command, plan] of [
  ["list", []],
  ["run", []],
  ["run", [`${process.execPath} -p 'JSON.stringify(process.env)'`]],
] as const) {
  test(`${command}${plan.length > 0 ? " with a plan" : ""}: the caller's variables stay what they are, whatever their names`, async () => {
    const argv = [door, command, ...plan, plan.length > 0 ? "plan" : "env"];
    const { stdout } = await collect(spawn("sh", argv, { env: { PATH: environment.PATH, ...exported } }), argv, {});
    const env = JSON.parse(stdout) as NodeJS.ProcessEnv;
    assert.deepEqual(kept(env), exported);
    assert.deepEqual(
      Object.keys(env).filter((name) => name.startsWith("RKT_DOOR_")),
      [],
    );
  });
}

test("a command that fails becomes nothing", async () => {
  assert.equal((await run(["run", "echo no", "echo"])).status, 5);
});

/** Descriptors that this process was itself given, if any, have higher numbers. */
function listLow(text: string): readonly number[] {
  const numbers = text.trim().split(/\s+/).map(Number);
  return numbers.filter((number) => number < 20).toSorted((a, b) => a - b);
}
