import type { Duplex } from "node:stream";
import type { Received, Sent } from "dbus-next/lib/message-type.js";
import { RktError } from "../base/error.ts";
import { shakeHands } from "./handshake.ts";
import type { Library } from "./library.ts";

/** Messages over a stream, both ways. */
export interface Connection {
  send(message: Sent): void;
  /** To be called once. `ended` comes once, when nothing more can come in. */
  start(receive: (message: Received) => void, ended: (reason: string, cause?: unknown) => void): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly timeoutMs: number;
  /** Must the other side accept descriptors? */
  readonly descriptors: boolean;
  readonly sender?: DescriptorSender;
}

/** Sends bytes, descriptors with the first of them; returns how many bytes were taken. */
export type DescriptorSender = (data: Buffer, descriptors: readonly number[]) => number;

/** Authenticates as this user; throws when the other side refuses or is silent for too long. */
export async function openConnection(stream: Duplex, library: Library, options: ConnectionOptions): Promise<Connection> {
  try {
    await within(stream, options.timeoutMs, shakeHands(stream, options.descriptors));
  } catch (error) {
    stream.destroy();
    throw error;
  }
  return {
    send: (message) => send(stream, library.marshallMessage(new library.Message(message)), options.sender),
    start: (receive, ended) => {
      stream.on("end", () => ended("the other side closed the connection"));
      stream.on("error", (error) => ended(error.message, error));
      stream.on("close", () => ended("the connection is closed"));
      read(stream, library, receive);
    },
    close: () => void stream.destroy(),
  };
}

function within(stream: Duplex, timeoutMs: number, work: Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = (): void => reject(new Error("the other side closed the connection"));
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  stream.on("error", reject).on("end", closed).on("close", closed);
  work.then(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    stream.off("end", closed).off("close", closed);
  });
}

function send(stream: Duplex, [data, descriptors]: [Buffer, number[]], sender: DescriptorSender | undefined): void {
  if (descriptors.length === 0) return void stream.write(data);
  if (sender === undefined) throw new RktError("dbus-descriptors", "Cannot pass a descriptor: this connection was not opened for it");
  // what is written past the stream must not overtake what waits in it
  if (stream.writableLength > 0) throw new RktError("dbus-descriptors", "Cannot pass a descriptor: earlier messages are not sent yet");
  const taken = sender(data, descriptors);
  if (taken < data.length) stream.write(data.subarray(taken));
}

type Listener = (...values: unknown[]) => void;

/** An unreadable message is an error of the stream, where dbus-next would end the process: so its listener is wrapped. */
function read(stream: Duplex, library: Library, receive: (message: Received) => void): void {
  const on = stream.on.bind(stream) as (event: string, listener: Listener) => Duplex;
  const guarded = (event: string, listener: Listener): Duplex => on(event, () => runGuarded(stream, listener));
  stream.on = guarded as typeof stream.on;
  library.unmarshalMessages(stream, (message) => receive(new library.Message(library.messageToJsFmt(message))), {});
  stream.on = on as typeof stream.on;
}

function runGuarded(stream: Duplex, listener: Listener): void {
  try {
    listener();
  } catch (error) {
    stream.destroy();
    stream.emit("error", error instanceof Error ? error : new Error(String(error)));
  }
}
