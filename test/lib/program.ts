import { Readable } from "node:stream";
import { runProgram } from "../../src/cli/program.ts";
import { createHost } from "../../src/host/node-host.ts";
import type { Result } from "./run.ts";
import { checkRkt } from "./schema.ts";

export interface ProgramOptions {
  /** Who calls; root by default. */
  readonly uid?: number;
  /** What a person at a terminal types; without it there is no terminal. */
  readonly answer?: string;
  /** Standard output is a terminal, with these variables. */
  readonly terminal?: Readonly<Record<string, string>>;
  /** Nobody reads the outputs: what is written, or tried, comes back all the same. */
  readonly unread?: boolean;
}

/** Runs one command line of rkt in this process. JSON that it prints is validated. */
export async function runRkt(words: readonly string[], { uid, answer, terminal, unread = false }: ProgramOptions = {}): Promise<Result> {
  let stdout = "";
  let stderr = "";
  const isTerminal = answer !== undefined;
  const status = await runProgram(words, {
    createHost: async () => ({
      ...createHost(),
      ...(uid === undefined ? {} : { uid }),
      ...(terminal === undefined ? {} : { env: terminal }),
    }),
    engines: async () => [],
    stdin: Readable.from([answer ?? ""]),
    stdout: {
      write: (text) => {
        stdout += text;
        if (unread) breakPipe();
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
        if (unread) breakPipe();
      },
    },
    isTerminal: { stdin: isTerminal, stdout: terminal !== undefined, stderr: isTerminal },
    becomeProgram: async () => 77,
  });
  checkRkt(words, { status, stdout });
  return { status, stdout, stderr };
}

function breakPipe(): never {
  throw Object.assign(new Error("EPIPE: broken pipe, write"), { code: "EPIPE" });
}
