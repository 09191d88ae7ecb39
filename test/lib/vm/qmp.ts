import { connect, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { waitFor } from "../wait-for.ts";

/** Commands to a running qemu, over its control socket. */
export interface Qmp {
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** A command of qemu's monitor for people; its answer as text, an error where there should be none. */
  monitor(line: string): Promise<string>;
}

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly QMP?: unknown;
}

/** Waits until qemu, which tells nobody, listens at the path. */
export async function connectQmp(path: string, alive: () => boolean): Promise<Qmp> {
  const socket = await connectWhenThere(path, alive);
  const waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  socket.on("close", () => waiting.splice(0).forEach(({ reject }) => reject(new Error("qemu ended"))));
  const execute = (command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      socket.ref();
      socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  linesOf(socket).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    if (answer.error !== undefined) waiting.shift()?.reject(new Error(`qemu: ${answer.error.desc}`));
    // What is left out here are events and the greeting.
    else if (answer.return !== undefined) waiting.shift()?.resolve(answer.return);
    if (waiting.length === 0) socket.unref();
  });
  await execute("qmp_capabilities");
  return {
    execute,
    monitor: async (line) => String(await execute("human-monitor-command", { "command-line": line })),
  };
}

/** readline hands errors of its input on, and a qemu that ends resets its sockets. */
export function linesOf(socket: Socket): Interface {
  return createInterface({ input: socket }).on("error", () => undefined);
}

/** A socket of qemu's, which it makes some time after its start. It does not keep this process from ending. */
export async function connectWhenThere(path: string, alive: () => boolean): Promise<Socket> {
  const socket = await waitFor(
    () => {
      if (!alive()) throw new Error("qemu ended at its start");
      return tryConnect(path);
    },
    { what: `qemu to listen at ${path}`, interval: 20 },
  );
  socket.on("error", () => undefined);
  socket.unref();
  return socket;
}

function tryConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}
