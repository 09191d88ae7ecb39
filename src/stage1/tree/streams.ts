import type { AppDescription, ConsoleDescription, PodDescription } from "../../pod/engine.ts";
import { type AppStreams, hasTerminal, plainStreams } from "../../spec/app-streams.ts";
import { terminalDirectory } from "../../systemd/terminal-names.ts";
import type { EntryInput, unitFile } from "../../unit/unit-file.ts";
import { consolePath, errorFifo, errorUnit, outputFifo, outputUnit } from "./names.ts";

export interface OutputPipe {
  readonly unit: string;
  readonly fifo: string;
  /** Where the bytes go besides the journal. */
  readonly copy?: string;
}

/** The pipes that an app writes to, each with the unit that reads it. */
export function outputsOf({ console }: PodDescription, app: AppDescription): OutputPipe[] {
  const { stdout, stderr } = app.streams ?? plainStreams;
  if (app.output !== "pipe") return [];
  const output = { unit: outputUnit(app.name), fifo: outputFifo(app.name) };
  if (console === undefined) return stdout === "log" || stderr === "log" ? [output] : [];
  const error = { unit: errorUnit(app.name), fifo: errorFifo(app.name) };
  const [out, err] = console.kind === "pipes" ? [`${consolePath}/stdout`, `${consolePath}/stderr`] : ["/dev/console", "/dev/console"];
  return [...(stdout === "log" ? [{ ...output, copy: out }] : []), ...(stderr === "log" ? [{ ...error, copy: err }] : [])];
}

export function streamLines({ console }: PodDescription, app: AppDescription): EntryInput[] {
  const identifier: EntryInput = ["SyslogIdentifier", app.name];
  if (console?.kind === "terminal" && console.interactive) {
    return [identifier, ["StandardInput", "tty-force"], ["StandardOutput", "tty"], ["StandardError", "tty"], ["TTYPath", "/dev/console"]];
  }
  if (app.output === "journal" && app.streams === undefined) return [identifier];
  const streams = app.streams ?? plainStreams;
  return [
    identifier,
    ...inputLines(console, streams),
    ["StandardOutput", outputValue(app, streams.stdout, outputFifo(app.name)), ...pipeReason(app, streams)],
    ["StandardError", errorValue(console, app, streams)],
    ...terminalLines(app),
  ];
}

function inputLines(console: ConsoleDescription | undefined, { stdin }: AppStreams): EntryInput[] {
  if (stdin === "tty") return [["StandardInput", "tty"]];
  return console?.kind === "pipes" && console.stdin ? [["StandardInput", `file:${consolePath}/stdin`]] : [];
}

function outputValue(app: AppDescription, mode: AppStreams["stdout"], fifo: string): string {
  if (mode !== "log") return mode;
  return app.output === "pipe" ? `file:${fifo}` : "journal";
}

function pipeReason(app: AppDescription, { stdout }: AppStreams): [] | [reason: string] {
  return app.output === "pipe" && stdout === "log"
    ? ["A pipe, which the app can open again as /dev/stdout; the journal's socket it cannot"]
    : [];
}

function errorValue(console: ConsoleDescription | undefined, app: AppDescription, { stdout, stderr }: AppStreams): string {
  if (console !== undefined) return outputValue(app, stderr, errorFifo(app.name));
  return stdout === stderr ? "inherit" : outputValue(app, stderr, outputFifo(app.name));
}

/** The app's side of the terminal that its unit keeps (units/stage1/rkt_terminal@.service). */
function terminalLines(app: AppDescription): EntryInput[] {
  if (!hasTerminal(app.streams)) return [];
  const term = app.environment.some(({ name }) => name === "TERM") ? [] : [["Environment", "TERM=xterm"] as const];
  return [["TTYPath", `${terminalDirectory(app.name)}/tty`], ...term];
}

/**
 * Reads the app's pipe. A reader ends when the last writer is gone and all is read; the next one waits for the next writer.
 * So the stop, which comes after the app's, waits until nothing is left, and no line is lost. (A stop that meets a reader
 * which is only being started runs no ExecStop= and kills it: by then nobody writes.)
 */
export function outputReader(app: AppDescription, { fifo, copy }: OutputPipe): Parameters<typeof unitFile>[0] {
  const sockets = "systemd-journald.socket systemd-journald-dev-log.socket";
  return {
    Unit: [
      ["Description", `Output of app ${app.name}`],
      ["DefaultDependencies", "no"],
      ["Requires", sockets],
      ["After", sockets],
      ["Conflicts", "rkt_pod-exit.service"],
      ["Before", "rkt_pod-exit.service"],
      ["StartLimitIntervalSec", "0", "It ends with each run of the app"],
    ],
    Service: [
      ["Type", "exec"],
      ["ExecStartPre", `/bin/sh -c '[ -p ${fifo} ] || { mkdir -p ${fifo.slice(0, fifo.lastIndexOf("/"))} && mkfifo -m 0666 ${fifo}; }'`],
      // A copy that nobody reads any more does not end the other one.
      ["ExecStart", copy === undefined ? `/bin/cat ${fifo}` : `/bin/sh -c 'exec /usr/bin/tee -p ${copy} < ${fifo}'`],
      ["StandardOutput", "journal"],
      ["SyslogIdentifier", app.name],
      ["Restart", "always"],
      ["RestartSec", "0"],
      [
        "ExecStop",
        `/bin/sh -c 'while kill -0 $$MAINPID 2>/dev/null; do : <>${fifo}; sleep 0.05; done'`,
        "A writer that comes and goes ends a reader that waits for one",
      ],
      ["TimeoutStopSec", "10s"],
    ],
  };
}
