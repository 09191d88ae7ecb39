import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import { errno, RktError } from "../base/error.ts";
import { escapeText, quoteText } from "../base/escape.ts";
import { loadChildProcess } from "./builtin.ts";
import type { PipedProgram, Programs, RunOptions, RunResult } from "./host.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const defaultTimeout = 60_000;
const outputLimit = 256 * 1024 * 1024;

export function createPrograms(environment: Environment): Programs {
  return {
    run: (argv, options = {}) => runProgram(environment, argv, options),
    pipe: (argv, options = {}) => pipeProgram(environment, argv, options.env ?? {}),
    find: (name) => findProgram(environment, name),
  };
}

function runProgram(environment: Environment, argv: readonly string[], options: RunOptions): RunResult {
  const [file, ...args] = [requireProgram(environment, argv), ...argv.slice(1)];
  const result = loadChildProcess().spawnSync(file, args, {
    argv0: argv[0],
    env: childEnvironment(environment, options.env ?? {}),
    timeout: options.timeout ?? defaultTimeout,
    killSignal: "SIGKILL",
    maxBuffer: outputLimit,
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  // A program that does not read its input to the end has not failed by that.
  if (result.error !== undefined && errno(result.error) !== "EPIPE") throw startError(argv, result.error);
  const { status, signal, stdout, stderr } = result;
  if (options.check !== false && status !== 0) throw exitError(argv, status, signal, stderr);
  return { status, signal, stdout, stderr };
}

function pipeProgram(environment: Environment, argv: readonly string[], env: Readonly<Record<string, string>>): PipedProgram {
  const file = requireProgram(environment, argv);
  const child = loadChildProcess().spawn(file, argv.slice(1), { argv0: argv[0], env: childEnvironment(environment, env), stdio: "pipe" });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => void (errors.length < 64 && errors.push(chunk)));
  const done = new Promise<string>((resolve, reject) => {
    child.on("error", (error) => reject(startError(argv, error)));
    child.on("close", (status, signal) => {
      const said = Buffer.concat(errors);
      if (status === 0) resolve(said.toString());
      else reject(exitError(argv, status, signal, said));
    });
  });
  // Whoever awaits `done` gets the error; one who has given up before must not end the process by it.
  done.catch(() => undefined);
  return { input: child.stdin, output: child.stdout, done, kill: () => void child.kill("SIGKILL") };
}

function findProgram(environment: Environment, name: string): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  const folders = (environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").split(":");
  return folders
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function requireProgram(environment: Environment, argv: readonly string[]): string {
  const name = argv[0] ?? "";
  const file = findProgram(environment, name);
  if (file === undefined) throw new RktError("program-missing", `Cannot run ${quoteText(name)}: it is not installed`);
  return file;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Outputs are read by programs: no translations. Node's own variables are not for others. */
function childEnvironment(environment: Environment, added: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const kept = Object.entries(environment).filter(([name]) => !/^(NODE_|LC_|LANG|NOTIFY_SOCKET$|LISTEN_)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: "C.UTF-8", ...added };
}

function startError(argv: readonly string[], error: Error): RktError {
  const reason = errno(error) === "ETIMEDOUT" ? "it took too long" : error.message;
  return new RktError("program-failed", `Cannot run ${quoteText(argv[0] ?? "")}: ${reason}`, { cause: error });
}

function exitError(argv: readonly string[], status: number | null, signal: string | null, stderr: Buffer): RktError {
  const how = status === null ? `was ended by ${signal ?? "a signal"}` : `exited with status ${status}`;
  const said = stderr.toString().trim().split("\n").at(-1) ?? "";
  const reason = said === "" ? "" : `: ${escapeText(said.slice(0, 500))}`;
  const cause = noRoomIn(stderr.toString());
  return new RktError("program-failed", `Cannot run ${quoteText(argv.slice(0, 3).join(" "))}: it ${how}${reason}`, { cause });
}

/** Of a program that had no room to write: the error of the system, by strerror(3)'s words for it, before which mkfs.erofs says the number. */
function noRoomIn(said: string): Error | undefined {
  const [line, words = ""] = /^.*: (?:\[Error \d+\] )?(No space left on device|Disk quota exceeded)$/m.exec(said) ?? [];
  return line === undefined ? undefined : Object.assign(new Error(line), { code: words.startsWith("No") ? "ENOSPC" : "EDQUOT" });
}
