/** The door of the `rkt` command: the process's side of the program, and what only a door may import. */
import { errno } from "../base/error.ts";
import { runProgram } from "../cli/program.ts";
import { writeInherited } from "../host/inherit.ts";
import { isTerminal } from "../host/is-terminal.ts";

const { env } = process;

/**
 * Written at once, and never through Node's own streams: they make a pipe non-blocking, also for the programs that get it
 * from us. Whoever reads our output may stop reading (`rkt list | head -1`): that is no failure of ours.
 */
function write(descriptor: number, text: string): void {
  try {
    writeInherited(descriptor, text);
  } catch (error) {
    if (errno(error) === "EPIPE") process.exit(0);
    throw error;
  }
}

// No `await` at the top level: the bundle is CommonJS, which starts faster.
void runProgram(process.argv.slice(2), {
  createHost: async () => (await import("../host/node-host.ts")).createHost(),
  engines: async (host) => (await import("../stage1/index.ts")).loadEngines(host),
  stdout: { write: (text) => write(1, text) },
  stderr: { write: (text) => write(2, text) },
  get stdin() {
    return process.stdin;
  },
  isTerminal: {
    get stdin() {
      return isTerminal(0);
    },
    get stdout() {
      return isTerminal(1);
    },
    get stderr() {
      return isTerminal(2);
    },
  },
  becomeProgram: async (argv) => (await import("../cli/become-program.ts")).becomeProgram(argv, env),
}).then((status) => {
  // Connections to the bus may still be open: the command has said that it is done.
  process.exit(status);
});
