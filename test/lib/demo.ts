/**
 * npm run demo [-- --vm] [--suite=trixie]: types the session of README.md into a throw-away host, and checks what it answers; with --vm into a
 * virtual machine, and the session of virtual machines too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootHost } from "./host.ts";
import type { TestMachine } from "./machine.ts";
import { extractSessions, parseSession, type Step } from "./session.ts";
import { openShell, type Shell } from "./shell.ts";
import { bundleStage1Maker } from "./stage1-images.ts";
import { parseSuite } from "./suites.ts";
import { bootVm } from "./vm.ts";

async function main(): Promise<boolean> {
  const { values } = parseArgs({ options: { suite: { type: "string", default: "bookworm" }, vm: { type: "boolean", default: false } } });
  const sessions = extractSessions(readFileSync(join(import.meta.dirname, "../../README.md"), "utf8"));
  const steps = sessions.slice(0, values.vm ? 2 : 1).flatMap(parseSession);
  const suite = parseSuite(values.suite);
  await using host = await (values.vm ? bootVm({ suite }) : bootHost({ suite }));
  if (values.vm) await makeStage1Image(host);
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

/** The one that the session of virtual machines takes, as packaging/README.md says. */
async function makeStage1Image(host: TestMachine): Promise<void> {
  await host.write("/root/maker.mjs", await bundleStage1Maker());
  await host.sh("/usr/lib/rkt/bin/node /root/maker.mjs --output=/root/stage1 --guest=/usr/lib/rkt/guest --version=2.0.0 --only=kvm");
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
