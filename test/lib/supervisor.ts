import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** The process that keeps one host (supervise.sh), and the way into the host. */
export interface Supervisor {
  /** Resolves when the host's PID 1 says that it runs. */
  booted(): Promise<void>;
  /** Makes the host boot again by `cause`, and waits until it runs. */
  bootAgain(cause: () => void): Promise<void>;
  command(line: string): void;
  /** Process id, outside, of the host's PID 1. */
  leader(): number;
  /** Command line that runs another one inside. */
  enter(argv: readonly string[], env?: NodeJS.ProcessEnv, cwd?: string): readonly string[];
  end(): Promise<void>;
}

const SCRIPT = join(import.meta.dirname, "supervise.sh");
const DEADLINE_MS = 60_000;
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8" };
/** Commands run in a scope, as those of a login do. */
const TERMINAL = "test-terminal.scope";

export function startSupervisor(argv: readonly string[]): Supervisor {
  // A session of its own: an interrupt from the terminal ends the tests, whose end then ends the host in order.
  const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", SCRIPT, ...argv], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let leader = 0;
  let cgroup = "";
  let stderr = "";
  let ended = false;
  const boot = { nspawn: 0 };
  const exit = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("close", () => (ended = true));
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  child.stdin.on("error", () => undefined);
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("booting ")) boot.nspawn = Number(line.slice("booting ".length));
  });
  unref(child);

  const enter = (command: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = "/"): readonly string[] => [
    ...(cgroup === "" ? [] : ["sh", "-c", 'echo $$ >"$1"; shift; exec "$@"', "sh", `${cgroup}/cgroup.procs`]),
    // An interrupt from a terminal goes to the command alone: if nsenter died of it, the command would be killed.
    ...[
      "env",
      "--ignore-signal=INT,QUIT",
      "nsenter",
      "-t",
      String(leader),
      "-m",
      "-u",
      "-i",
      "-n",
      "-p",
      "-C",
      "-r",
      `-w/proc/${leader}/root${cwd}`,
      "--",
    ],
    ...["setpriv", "--pdeathsig", "KILL", "--"],
    ...["env", "-i", "--default-signal=INT,QUIT", ...Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`)],
    ...command,
  ];

  const waitUntilRunning = async (): Promise<void> => {
    const deadline = timeLimit(`host ${argv[1]} to run`);
    cgroup = "";
    while (boot.nspawn === 0)
      await pause(
        deadline,
        () => ended,
        () => stderr,
      );
    while ((leader = findLeader(boot.nspawn)) === 0)
      await pause(
        deadline,
        () => ended,
        () => stderr,
      );
    for (;;) {
      const [program, ...rest] = enter(["systemctl", "is-system-running", "--wait"]);
      const state = await output(program ?? "", rest);
      if (state === "running") break;
      if (state === "degraded") throw new Error(`Host ${argv[1]} is degraded:\n${await failedUnits(enter)}`);
      await pause(
        deadline,
        () => ended,
        () => stderr,
      );
    }
    cgroup = await openTerminal(enter, leader);
  };

  return {
    booted: waitUntilRunning,
    async bootAgain(cause) {
      boot.nspawn = 0;
      cause();
      await waitUntilRunning();
    },
    command: (line) => void child.stdin.write(`${line}\n`),
    leader: () => leader,
    enter,
    async end() {
      child.ref();
      child.stdin.end();
      await exit;
    },
  };
}

/** A host that is forgotten must not keep the tests from ending; their end ends the host. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if (stream !== null && "unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

/** The child of systemd-nspawn that is PID 1 of its namespace. */
function findLeader(nspawn: number): number {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, "utf8").trim().split(" ");
    return Number(children.find((pid) => pid !== "" && isLeader(pid)) ?? 0);
  } catch {
    return 0;
  }
}

/** Two levels deep, and systemd itself: before its exec there is no socket to ask, nor a root to enter. */
function isLeader(pid: string): boolean {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return /^NSpid:\t\d+\t1$/m.test(status) && /^Name:\tsystemd$/m.test(status);
}

type Enter = Supervisor["enter"];

/** Makes the scope that commands are run in; returns its cgroup directory as seen outside. */
async function openTerminal(enter: Enter, leader: number): Promise<string> {
  const script = `systemd-run --quiet --scope --unit=${TERMINAL} --slice=user.slice sleep infinity </dev/null >/dev/null 2>&1 & until systemctl --quiet is-active ${TERMINAL}; do :; done`;
  const [program, ...rest] = enter(["sh", "-c", script]);
  await output(program ?? "", rest);
  const own =
    readFileSync(`/proc/${leader}/cgroup`, "utf8")
      .split("\n")
      .find((line) => line.startsWith("0::")) ?? "";
  const mounts =
    readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .find((line) => line.split(" ")[2] === "cgroup2") ?? "";
  return `${mounts.split(" ")[1]}${own.slice("0::".length).replace(/\/init\.scope$/, "")}/user.slice/${TERMINAL}`;
}

async function failedUnits(enter: Enter): Promise<string> {
  const [program, ...rest] = enter(["sh", "-c", "systemctl --failed --plain --no-legend; journalctl -b -p warning -n 30 --no-pager"]);
  return output(program ?? "", rest);
}

function output(program: string, argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { stdio: ["ignore", "pipe", "ignore"], env: {} });
    let text = "";
    child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
    child.on("error", reject);
    child.on("close", () => resolve(text.trim()));
  });
}

function timeLimit(what: string): () => void {
  const end = Date.now() + DEADLINE_MS;
  return () => {
    if (Date.now() > end) throw new Error(`Timed out waiting for ${what}`);
  };
}

/** PID 1 tells nobody outside when it opens its socket, so this asks again. */
async function pause(deadline: () => void, ended: () => boolean, stderr: () => string): Promise<void> {
  if (ended()) throw new Error(`The host ended while booting:\n${stderr()}`);
  deadline();
  await delay(20);
}
