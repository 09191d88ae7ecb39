/** npm run ok and npm test: the checks without tests, then one run of node:test, whose summary is the end of the output. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const NODE = process.execPath;

/** Without root and network: a minute at most. */
const QUICK: string[] = ["test/unit/**/*.test.ts", "test/golden/**/*.test.ts", "test/contract/**/*.test.ts", "test/repo/**/*.test.ts"];
const HOST: string[] = ["test/host/**/*.test.ts"];
/** First of all, by its name. */
const MACHINES = "test/all-machines.ts";

interface Check {
  readonly name: string;
  /** Node where missing. */
  readonly program?: string;
  readonly argv: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: "addon", program: "sh", argv: ["packaging/native/build.sh"] },
  { name: "types", argv: ["node_modules/typescript/bin/tsc", "--project", "."] },
  { name: "lint", argv: ["node_modules/oxlint/bin/oxlint", "--deny-warnings"] },
  { name: "format", argv: ["node_modules/oxfmt/bin/oxfmt", "--check", "src", "machined", "test", "packaging"] },
];

function run(argv: readonly string[], args: { readonly quiet: boolean; readonly program?: string }): number {
  const result = spawnSync(args.program ?? NODE, argv, { cwd: ROOT, stdio: ["ignore", args.quiet ? "pipe" : "inherit", "inherit"] });
  if (args.quiet && result.status !== 0) process.stdout.write(result.stdout ?? "");
  return result.status ?? 1;
}

function runChecks(): boolean {
  let good = true;
  for (const check of CHECKS) {
    const started = Date.now();
    const status = run(check.argv, { ...check, quiet: true });
    process.stdout.write(`${check.name}: ${status === 0 ? "ok" : "FAILED"} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
    good &&= status === 0;
  }
  return good;
}

function list(patterns: string[]): string[] {
  return globSync(patterns, { cwd: ROOT }).toSorted();
}

/** Says what failed while it runs; the summary of the runner is repeated as the very end of the output. */
function runTests(files: readonly string[], options: readonly string[]): boolean {
  mkdirSync(join(ROOT, ".build"), { recursive: true });
  const protocol = join(ROOT, `.build/tests-${process.pid}.tap`);
  const reporters = ["spec:stdout", `tap:${protocol}`].flatMap((pair) => {
    const [name, destination] = pair.split(":");
    return [`--test-reporter=${name}`, `--test-reporter-destination=${destination}`];
  });
  const status = run(["--test", ...reporters, ...options, ...files], { quiet: false });
  process.stdout.write(`\n${/^# tests [^]*/m.exec(readFileSync(protocol, "utf8"))?.[0] ?? "The test runner gave no summary\n"}`);
  rmSync(protocol);
  return status === 0;
}

function main(): boolean {
  const whole = process.argv[2] === "all";
  if (!existsSync(join(ROOT, "node_modules"))) throw new Error("Cannot run the checks: node_modules is missing");
  const checked = runChecks();
  const tested = whole
    ? // A whole file's, too.
      runTests([MACHINES, ...list([...QUICK, ...HOST])], ["--test-concurrency=2", "--test-timeout=3500000"])
    : runTests(list(QUICK), ["--test-concurrency=2"]);
  return checked && tested;
}

process.exitCode = main() ? 0 : 1;
