import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createNativeLoader } from "./native.ts";

/** Standard streams that may be handed to a program which must not hold this process's terminal. */
export interface PlainStreams {
  readonly stdio: readonly [number, number, number];
  /** Waits until everything written has been shown, or for a signal: a process that was left behind may write for ever. */
  close(): Promise<void>;
}

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
const FIFO_MODE = 0o010600;

/**
 * Each standard stream as it is (and blocking, as programs expect it: Node changes that of a pipe as soon as anything asks for
 * process.stderr), or, where it is a terminal, a pipe with a `cat` at the other end. `directory` is root's, on tmpfs.
 */
export function openPlainStreams(terminals: readonly [boolean, boolean, boolean], directory: string): PlainStreams {
  const opened: { readonly fd: number; readonly copier: ChildProcess; readonly input: boolean }[] = [];
  const open = (stream: 0 | 1 | 2): number => {
    if (!terminals[stream]) return makeBlocking(stream);
    const { reader, writer } = openPipe(directory);
    const [near, far] = stream === 0 ? [reader, writer] : [writer, reader];
    const copier = stream === 0 ? spawn("cat", [], { stdio: ["inherit", far, "ignore"] }) : spawnPatient([far, stream, "ignore"]);
    closeSync(far);
    opened.push({ fd: near, copier, input: stream === 0 });
    return near;
  };
  const stdio = [open(0), open(1), open(2)] as const;
  return {
    stdio,
    close: async () => {
      for (const { fd } of opened) closeSync(fd);
      const giveUp = (): void => opened.forEach(({ copier }) => copier.kill("SIGKILL"));
      for (const name of ENDING) process.on(name, giveUp);
      await Promise.all(opened.map(({ copier, input }) => endCopier(copier, input)));
      for (const name of ENDING) process.off(name, giveUp);
    },
  };
}

/** What is typed at the terminal is for the command: its last words come behind it. */
function spawnPatient(stdio: readonly [number, number, "ignore"]): ChildProcess {
  return spawn("sh", ["-c", "trap '' HUP INT QUIT TERM; exec cat"], { stdio: [...stdio] });
}

/** A stream that was closed before us has nothing to make. */
function makeBlocking(stream: 0 | 1 | 2): number {
  createNativeLoader()().setBlocking(stream);
  return stream;
}

function endCopier(copier: ChildProcess, input: boolean): Promise<void> {
  // The copier of the input waits for the terminal: nobody is left to read what it would bring.
  if (input) copier.kill();
  if (copier.exitCode !== null || copier.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => void copier.once("exit", () => resolve()));
}

/** Both ends of a pipe, as blocking descriptors; Node's own pipes are sockets that do not block. */
function openPipe(directory: string): { reader: number; writer: number } {
  const place = mkdtempSync(`${directory}/stream-`);
  const path = `${place}/fifo`;
  try {
    createNativeLoader()().mknod(Buffer.from(path), FIFO_MODE, 0, 0);
    // Whoever opens one end alone waits for the other.
    const both = openSync(path, "r+");
    const reader = openSync(path, "r");
    const writer = openSync(path, "w");
    closeSync(both);
    return { reader, writer };
  } finally {
    rmSync(place, { recursive: true });
  }
}
