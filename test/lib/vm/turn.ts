import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../tree.ts";

/** What the virtual machines keep between tests. */
export const VM_CACHE = join(CACHE, "vm");

/** After this long people are told what is waited for. */
const PATIENCE_MS = 2_000;

/** Waits until no other process has a virtual machine: each of them takes all cores. Returns what ends the turn; this process's end does too. */
export async function takeTurn(): Promise<() => void> {
  mkdirSync(VM_CACHE, { recursive: true });
  const keep = ["--pdeathsig", "KILL", "--", "flock", join(VM_CACHE, "turn.lock"), "sh", "-c", "echo mine; exec cat"];
  const child = spawn("setpriv", keep, { stdio: ["pipe", "pipe", "inherit"], detached: true });
  child.stdin.on("error", () => undefined);
  const timer = setTimeout(() => process.stderr.write("test host: waiting for another virtual machine to end …\n"), PATIENCE_MS);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.on("close", () => reject(new Error("Cannot take the lock of virtual machines")));
  });
  clearTimeout(timer);
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if ("unref" in stream && typeof stream.unref === "function") stream.unref();
  return () => child.stdin.end();
}
