/**
 * npm run -s host -- [OPTION…] [--] [COMMAND ARG…]
 *
 * Boots a throw-away host with rkt installed, runs COMMAND in it with this process's standard streams, and ends with its
 * exit status; an interactive shell without COMMAND.
 */
import { constants } from "node:os";
import { bootHost, type BootOptions } from "./host.ts";
import type { TestMachine } from "./machine.ts";
import { signalInside } from "./run.ts";
import { parseSuite } from "./suites.ts";
import { bootVm } from "./vm.ts";

const USAGE = `Usage: npm run -s host -- [OPTION…] [COMMAND ARG…]
  --suite=bookworm|trixie  Debian 12 (default) or 13
  --package=NAME           one more Debian package in the host; may be repeated
  --deb=FILE               install this package of rkt instead of one built from the checkout
  --bare                   do not install rkt
  --bind=FROM:TO           show FROM of this machine at TO of the host, read-only; may be repeated
  --journal=volatile       a host whose journal is in memory
  --vm                     a virtual machine with a kernel of its own; without --bind and --journal
`;

interface Request {
  readonly boot: BootOptions;
  readonly vm: boolean;
  readonly command: readonly string[];
}

function parseRequest(argv: readonly string[]): Request {
  const first = argv.findIndex((word) => !word.startsWith("--") || word === "--");
  const options = first === -1 ? argv : argv.slice(0, first);
  const rest = first === -1 ? [] : argv.slice(argv[first] === "--" ? first + 1 : first);
  const packages: string[] = [];
  const binds: Record<string, string> = {};
  let boot: BootOptions = { suite: "bookworm" };
  let vm = false;
  for (const option of options) {
    const [name, value = ""] = option.split(/=(.*)/s, 2);
    if (name === "--suite") boot = { ...boot, suite: parseSuite(value) };
    else if (name === "--package") packages.push(value);
    else if (name === "--deb") boot = { ...boot, rkt: value };
    else if (name === "--bare") boot = { ...boot, rkt: false };
    else if (name === "--bind") binds[value.split(":")[0] ?? ""] = value.split(":")[1] ?? "";
    else if (name === "--vm") vm = true;
    else if (name === "--journal") boot = { ...boot, journal: value === "volatile" ? "volatile" : "persistent" };
    else throw new Error(`Cannot understand option "${option}"\n${USAGE}`);
  }
  if (vm && (boot.journal !== undefined || Object.keys(binds).length > 0))
    throw new Error(`Cannot use --bind or --journal together with --vm\n${USAGE}`);
  return { boot: { ...boot, packages, binds }, vm, command: rest };
}

async function main(): Promise<number> {
  if (process.argv.includes("--help")) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { boot, vm, command } = parseRequest(process.argv.slice(2));
  await using host: TestMachine = vm ? await bootVm(boot) : await bootHost(boot);
  const argv = command.length > 0 ? command : shellOf(vm);
  const env = { TERM: process.env["TERM"] ?? "dumb" };
  const child = host.spawn(argv, { stdio: "inherit", env, cwd: "/root" });
  // What runs in a machine is not among our processes: there the end of ssh, and so of the machine, has to do.
  const forward = (signal: NodeJS.Signals): void => (vm ? void child.kill(signal) : signalInside(child, signal));
  // An interrupt from the terminal reaches the command by itself; this process waits for what it makes of it.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", forward);
  process.on("SIGHUP", forward);
  // Awaited here, because the host ends with this scope.
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}

/** A host has no device of the terminal outside: script(1) gives the shell one of the host's own, as ssh does in a machine. */
function shellOf(vm: boolean): readonly string[] {
  return vm ? ["bash", "-l"] : ["script", "--quiet", "--return", "--command", "bash -l", "/dev/null"];
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`host: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 125;
}
