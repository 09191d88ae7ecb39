/** The door of the `rkt` command: the process's side of the program, and what only a door may import. */
import { runProgram } from "../cli/program.ts";
import { writeInherited } from "../host/inherit.ts";
import { isTerminal } from "../host/is-terminal.ts";

const { env } = process;

// No `await` at the top level: the bundle is CommonJS, which starts faster.
void runProgram(process.argv.slice(2), {
  createHost: async () => (await import("../host/node-host.ts")).createHost(),
  engines: async (host) => (await import("../stage1/index.ts")).loadEngines(host),
  // Written at once, and never through Node's own streams: they make a pipe non-blocking, also for the programs that get it from us.
  stdout: {
    write: (text) => writeInherited(1, text),
    // A terminal is no pipe.
    get rows() {
      return isTerminal(1) ? process.stdout.rows : undefined;
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : undefined;
    },
  },
  stderr: { write: (text) => writeInherited(2, text) },
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
