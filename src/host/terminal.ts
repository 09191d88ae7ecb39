import { spawnSync } from "node:child_process";
import type { Readable } from "node:stream";
import { ReadStream } from "node:tty";
import { errno } from "../base/error.ts";

/** Bytes between this process's terminal and the master side of another one. */
export interface TerminalRelay {
  /** When nobody holds the other side any more: what is still to come is shown, then the terminal is as it was. */
  close(): Promise<void>;
}

export interface Patience {
  /** Milliseconds from one piece to the next. */
  readonly piece: number;
  readonly all: number;
}

/** How long the last bytes may take: a process that was left behind may hold the other side for ever, and write to it. */
const LAST_BYTES: Patience = { piece: 1000, all: 10_000 };

/** Relays until closed, typed bytes raw. `resize` is told the size of the window, now and whenever it changes. */
export function relayTerminal(master: number, resize: (columns: number, rows: number) => void): TerminalRelay {
  const { stdin, stdout } = process;
  const other = new ReadStream(master);
  const ended = new Promise<void>((resolve, reject) => {
    // Reading a master whose other side was closed fails (EIO): that is its end.
    other.on("error", (error) => (errno(error) === "EIO" ? resolve() : reject(error))).on("close", () => resolve());
  });
  ended.catch(() => undefined);
  const show = (chunk: Buffer): void => void stdout.write(chunk);
  const type = (chunk: Buffer): void => void other.write(chunk);
  const follow = (): void => resize(stdout.columns, stdout.rows);
  follow();
  const raw = makeRaw();
  other.on("data", show);
  stdin.on("data", type);
  stdout.on("resize", follow);
  return {
    close: async () => {
      await untilQuiet(other, ended, LAST_BYTES);
      stdin.off("data", type).pause();
      stdout.off("resize", follow);
      raw.restore();
      other.destroy();
    },
  };
}

/** Looks at the clock, and not for the end of a timer: a terminal that is slow to show a piece holds those up too. */
export async function untilQuiet(stream: Readable, ended: Promise<void>, { piece, all }: Patience): Promise<void> {
  const { promise: quiet, resolve } = Promise.withResolvers<void>();
  const begun = performance.now();
  let last = begun;
  stream.on("data", () => (last = performance.now()));
  const look = setInterval(() => {
    const now = performance.now();
    if (now - last > piece || now - begun > all) resolve();
  }, piece / 10);
  await Promise.race([ended, quiet]).finally(() => clearInterval(look));
}

/**
 * Every typed byte as it is (but for Ctrl-C and its like, with `isig`), and what is written untouched: Node's own raw mode
 * goes on changing line ends, which the pod's terminal has done.
 */
export function makeRaw(signals: "isig" | "-isig" = "-isig"): { restore(): void } {
  const settings = stty("-g").trim();
  stty("raw", "-echo", signals);
  return { restore: () => void stty(settings) };
}

function stty(...args: readonly string[]): string {
  return spawnSync("stty", args, { stdio: ["inherit", "pipe", "ignore"] }).stdout.toString();
}
