/** npm run demo [-- --suite=trixie]: types the session of README.md into a throw-away host, and checks what it answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bootHost } from "./host.ts";
import { extractSession, parseSession, type Step } from "./session.ts";
import { openShell, type Shell } from "./shell.ts";
import { parseSuite } from "./suites.ts";

async function main(): Promise<boolean> {
  const steps = parseSession(extractSession(readFileSync(join(import.meta.dirname, "../../README.md"), "utf8")));
  const suite = parseSuite(process.argv[2]?.replace(/^--suite=/, "") ?? "bookworm");
  await using host = await bootHost({ suite });
  const shell = openShell(host);
  let wrong = 0;
  for (const step of steps) {
    const complaint = await runStep(shell, step);
    if (complaint !== undefined) {
      wrong += 1;
      process.stdout.write(`demo: NOT AS IT SHOULD BE: ${complaint}\n`);
    }
  }
  shell.close();
  process.stdout.write(
    `\ndemo: ${steps.length} steps on ${suite}, ${wrong === 0 ? "each did as it should" : `${wrong} did not do as they should`}\n`,
  );
  return wrong === 0;
}

/** Undefined, or what is wrong. */
async function runStep(shell: Shell, step: Step): Promise<string | undefined> {
  process.stdout.write(
    `\n${[...step.comments, ...step.command.split("\n").map((line, index) => `${index === 0 ? "root@host:~#" : ">"} ${line}`)].join("\n")}\n`,
  );
  const { status, output } = await shell.run(step.command, (text) => process.stdout.write(text));
  if (step.fails !== (status !== 0)) return `exit status ${status}`;
  const missing = step.expected.find((text) => !output.includes(text));
  return missing === undefined ? undefined : `the output has no "${missing}"`;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
