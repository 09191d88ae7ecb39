import { spawnSync } from "node:child_process";
import { ReadStream } from "node:tty";
import { errno } from "../base/error.ts";

/** Bytes between this process's terminal and the master side of another one. */
export interface TerminalRelay {
  /** When nobody holds the other side any more: what is still to come is shown, then the terminal is as it was. */
  close(): Promise<void>;
}

/** How long the last bytes may take: a process that was left behind may hold the other side for ever. */
const LAST_BYTES_MS = 1000;

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
      const patience = AbortSignal.timeout(LAST_BYTES_MS);
      await Promise.race([ended, new Promise<void>((resolve) => void patience.addEventListener("abort", () => resolve()))]);
      stdin.off("data", type).pause();
      stdout.off("resize", follow);
      raw.restore();
      other.destroy();
    },
  };
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
