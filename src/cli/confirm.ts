import { createInterface } from "node:readline";
import { RktError } from "../base/error.ts";

/** Where a question is asked: a terminal on standard input and on standard error, or not at all. */
export interface ConfirmTerminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: { write(text: string): void };
  readonly isTerminal: { readonly stdin: boolean; readonly stderr: boolean };
}

/**
 * Asks until the answer is `yes` or `no`, as the original; the end of the input is no. Throws `no-terminal` with the hint
 * when nobody can be asked, so that a script never waits for an answer or gives one by accident.
 */
export async function confirm(terminal: ConfirmTerminal, question: string, hint: string): Promise<boolean> {
  if (!terminal.isTerminal.stdin || !terminal.isTerminal.stderr) {
    throw new RktError("no-terminal", "Cannot ask for confirmation: standard input or standard error is no terminal", { hint });
  }
  const lines = createInterface({ input: terminal.input, terminal: false });
  try {
    const ask = (): void => terminal.output.write(`${question} (yes/no)?\n`);
    ask();
    for await (const line of lines) {
      const answer = line.trim().toLowerCase();
      if (answer === "yes" || answer === "y") return true;
      if (answer === "no" || answer === "n") return false;
      terminal.output.write(`Please answer "yes" or "no".\n`);
      ask();
    }
    return false;
  } finally {
    lines.close();
  }
}
