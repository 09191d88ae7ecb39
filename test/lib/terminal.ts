import type { TestMachine } from "./machine.ts";
import type { Result } from "./run.ts";
import { waitFor } from "./wait-for.ts";

/** A command on a terminal of the host, made by script(1). */
export interface Terminal {
  /** Waits for a text behind the last one that was found. */
  expect(pattern: RegExp): Promise<RegExpExecArray>;
  type(text: string): void;
  /** When the command has ended: its exit status, and all that the terminal showed. */
  ended(): Promise<Result>;
}

/** `patience`: how many milliseconds `expect` waits. */
export function openTerminal(host: TestMachine, command: string, patience = 20_000): Terminal {
  const child = host.spawn(["script", "-qec", command, "/dev/null"], { stdio: "pipe", env: { TERM: "xterm" } });
  let stdout = "";
  let from = 0;
  const ended = new Promise<number>((resolve) => void child.on("close", (code) => resolve(code ?? 255)));
  child.stdout?.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  return {
    expect: async (pattern) => {
      const found = await waitFor(() => pattern.exec(stdout.slice(from)) ?? undefined, { what: String(pattern), timeout: patience }).catch(
        (error: unknown) => {
          throw new Error(`the terminal shows ${JSON.stringify(stdout.slice(from))}`, { cause: error });
        },
      );
      from += found.index + found[0].length;
      return found;
    },
    type: (text) => void child.stdin?.write(text),
    ended: async () => ({ status: await ended, stdout, stderr: "" }),
  };
}

/** Types into a terminal, prompt by prompt. */
export async function typeInto(
  host: TestMachine,
  command: string,
  lines: readonly (readonly [prompt: RegExp, typed: string])[],
): Promise<Result> {
  const terminal = openTerminal(host, command);
  for (const [prompt, typed] of lines) {
    await terminal.expect(prompt);
    terminal.type(typed);
  }
  return await terminal.ended();
}
