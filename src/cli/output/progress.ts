import { showPlain } from "./plain.ts";
import { formatSize } from "./size.ts";

/** Milliseconds between two drawings. */
const INTERVAL = 100;

export interface Progress {
  /** Bytes that are done, of a total where it is known. Draws at most ten times a second. */
  update(done: number, total?: number): void;
  /** Clears the line. What comes next begins on a clean one. */
  finish(): void;
}

export interface ProgressOptions {
  /** What goes on: `Downloading ACI`. */
  readonly label: string;
  readonly stream: { write(text: string): void };
  /** Only on a terminal is anything drawn. */
  readonly isTerminal: boolean;
  readonly columns?: number;
  /** Milliseconds; only distances count. */
  now(): number;
}

/** One line that is drawn over itself: `Downloading ACI  3.1MiB of 12MiB  26%`. */
export function startProgress(options: ProgressOptions): Progress {
  let drawn: number | undefined;
  return {
    update: (done, total) => {
      if (!options.isTerminal) return;
      const now = options.now();
      if (drawn !== undefined && now - drawn < INTERVAL) return;
      drawn = now;
      options.stream.write(`\r${formatLine(options, done, total)}\u001b[K`);
    },
    finish: () => {
      if (drawn !== undefined) options.stream.write("\r\u001b[K");
      drawn = undefined;
    },
  };
}

/** Never wider than the terminal: a wrapped line cannot be drawn over. */
function formatLine({ label, columns = 80 }: ProgressOptions, done: number, total: number | undefined): string {
  const known = total !== undefined && total > 0;
  const amount = known
    ? `${formatSize(done)} of ${formatSize(total)}  ${Math.min(100, Math.floor((done / total) * 100))}%`
    : formatSize(done);
  return `${showPlain(label)}  ${amount}`.slice(0, columns - 1);
}
