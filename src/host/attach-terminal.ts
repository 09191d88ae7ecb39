import { write as writeDescriptor } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { errno } from "../base/error.ts";
import { attachPacket, inputMessages, windowPacket } from "./dtach-packets.ts";
import { makeRaw } from "./terminal.ts";

/** What is done with this process's standard input and output. */
export interface AttachWish {
  readonly input: boolean;
  readonly output: boolean;
}

/** `ended`: nobody keeps the terminal any more. `detached`: the key was typed, or whoever reads the output left. `sent`: the input is over. */
export type AttachEnd = "ended" | "detached" | "sent" | { readonly signal: number };

/** ^] */
const DETACH = 0x1d;
/** How long what was typed before it may take. */
const LAST_BYTES_MS = 500;
/** After which a terminal that takes nothing is asked again. */
const RETRY_MS = 10;
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Joins a terminal that dtach keeps, by a connected socket, which is closed at the end. Typed bytes are sent raw; the size of this
 * process's window becomes the terminal's, whenever it changes.
 */
export async function attachTerminal(descriptor: number, { input, output }: AttachWish): Promise<AttachEnd> {
  const { stdin, stdout } = process;
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  const { promise, resolve: end } = Promise.withResolvers<AttachEnd>();
  const sender = openSender(descriptor);
  const showing = output ? show(socket, end) : drop(socket);
  socket.on("error", () => undefined).on("close", () => void showing.then(() => end("ended")));
  for (const name of ENDING) process.on(name, () => end({ signal: constants.signals[name] }));
  const follow = (how: "resize" | "redraw"): void => {
    const { columns, rows } = stdout;
    if (columns > 0 && rows > 0) sender.send([windowPacket({ columns, rows }, how)]);
  };
  const keys = stdin.isTTY && (input || stdout.isTTY);
  const raw = keys ? makeRaw(input ? "-isig" : "isig") : undefined;
  if (output) {
    sender.send([attachPacket()]);
    if (stdout.isTTY) {
      follow("redraw");
      stdout.on("resize", () => follow("resize"));
    }
  }
  if (input || keys) readInput(input ? sender : undefined, end, { terminal: keys, stays: output });
  const how = await promise;
  stdin.removeAllListeners().pause();
  raw?.restore();
  socket.destroy();
  return how;
}

type End = (how: AttachEnd) => void;

interface Sender {
  /** In the order of the calls. */
  send(messages: Iterable<Buffer>): void;
  /** Resolves when all has been taken. */
  sent(): Promise<void>;
}

/**
 * One message at a time: two that wait would be written at once, and perhaps in part. Past the socket's own stream, which a write that
 * fails would destroy, with what has come and is not shown yet: that the app has ended is for the reading side to find, behind all of it.
 */
function openSender(descriptor: number): Sender {
  let last = Promise.resolve();
  let failed = false;
  const { promise: never } = Promise.withResolvers<void>();
  return {
    send: (messages) => {
      last = last.then(async () => {
        try {
          for (const message of messages) if (!failed) await writeWhole(descriptor, message);
        } catch {
          failed = true;
        }
      });
    },
    sent: () => last.then(() => (failed ? never : undefined)),
  };
}

const writeSome = promisify(writeDescriptor);

async function writeWhole(descriptor: number, message: Buffer): Promise<void> {
  for (let rest = message; rest.length > 0;) {
    try {
      const { bytesWritten } = await writeSome(descriptor, rest);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      if (errno(error) !== "EAGAIN") throw error;
      await wait(RETRY_MS, undefined, { ref: false });
    }
  }
}

/** Resolves when everything that came has been shown. */
function show(socket: Socket, end: End): Promise<void> {
  const { stdout } = process;
  stdout.on("error", (error) => end(errno(error) === "EPIPE" ? "detached" : { signal: constants.signals.SIGHUP }));
  socket.on("data", (bytes: Buffer) => {
    if (stdout.write(bytes)) return;
    socket.pause();
    stdout.once("drain", () => socket.resume());
  });
  return new Promise((resolve) => {
    const finish = (): void => void stdout.write("", () => resolve());
    // An app that ended without reading all that was typed is an error of the connection, behind its last output.
    socket.once("end", finish).once("error", finish);
  });
}

function drop(socket: Socket): Promise<void> {
  socket.resume();
  return Promise.resolve();
}

/** Without a sender only the key is heeded. */
function readInput(
  sender: Sender | undefined,
  end: End,
  { terminal, stays }: { readonly terminal: boolean; readonly stays: boolean },
): void {
  const { stdin } = process;
  const sent = (): Promise<void> => sender?.sent() ?? Promise.resolve();
  stdin.on("data", (bytes: Buffer) => {
    const key = terminal ? bytes.indexOf(DETACH) : -1;
    sender?.send(inputMessages(key < 0 ? bytes : bytes.subarray(0, key)));
    if (key >= 0) {
      void sent().then(() => end("detached"));
      // An app that does not read takes none of it: leaving is possible all the same.
      setTimeout(() => end("detached"), LAST_BYTES_MS).unref();
    } else if (!terminal) {
      stdin.pause();
      void sent().then(() => stdin.resume());
    }
  });
  stdin.on("error", () => end("detached"));
  // A pipe that is empty was all there is to type; what comes back is still shown. A terminal that ends has gone.
  stdin.on("end", () => {
    if (terminal) end("detached");
    else if (!stays) void sent().then(() => end("sent"));
  });
}
