import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** Milliseconds after which the program is killed and the call rejects; a minute by default. */
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Result {
  /** As a shell has it: 128 + N for signal N. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Feeds a child, reads it to its end. */
export function collect(child: ChildProcess, argv: readonly string[], options: RunOptions): Promise<Result> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => err.push(bytes));
  // A program that ends without reading its input is no error of ours.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input ?? "");
  const text = (): Pick<Result, "stdout" | "stderr"> => ({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
  return new Promise((resolve, reject) => {
    const limit = options.timeout ?? 60_000;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      const { stdout, stderr } = text();
      reject(new Error(`Timed out after ${limit} ms: ${argv.join(" ")}\n${stdout}${stderr}`));
    }, limit);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ status: code ?? 128 + constants.signals[signal ?? "SIGKILL"], ...text() });
    });
  });
}

/** Sends a signal to the program inside the host; `child.kill()` would end only the way into the host, and kill the program. */
export function signalInside(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  const inside = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  for (const pid of inside.split(" ")) if (pid !== "") process.kill(Number(pid), signal);
}
