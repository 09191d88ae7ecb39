import type { Received, Sent } from "dbus-next/lib/message-type.js";
import { RktError } from "../base/error.ts";
import type { Bus, BusCall, MatchRule, SignalListener } from "./bus.ts";
import { createCalls } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { closedError } from "./error.ts";
import type { Library } from "./library.ts";
import { createMatches } from "./matches.ts";
import { fromNative, toNative } from "./value.ts";

const SIGNAL = 4;

export interface BusFacts {
  /** Of the other side, for errors. */
  readonly name: string;
  readonly hasNames: boolean;
  /** Descriptors come in: one call at a time, no signals. */
  readonly receives: boolean;
}

/** The bus of a connection whose handshake is over. */
export function createBus(connection: Connection, library: Library, facts: BusFacts): Bus {
  const calls = createCalls();
  const life = createLife((error) => {
    calls.fail(error);
    connection.close();
  });
  const call = facts.receives ? oneAtATime(callNow) : callNow;
  const matches = createMatches(call, facts.hasNames);
  const decode = (body: readonly unknown[]): unknown[] => body.map((value) => fromNative(value, library.Variant));

  async function callNow(wanted: BusCall): Promise<unknown[]> {
    life.check();
    const message = (serial: number): Sent => encode(wanted, serial, library);
    return decode(await calls.start(wanted, (serial) => connection.send(message(serial))));
  }

  async function match(rule: MatchRule, listener: SignalListener) {
    life.check();
    if (facts.receives) throw new RktError("dbus-match", "Cannot wait for signals on a connection that receives descriptors");
    return await matches.add(rule, listener);
  }

  function receive(message: Received): void {
    if (message.type === SIGNAL) matches.dispatch(message, decode(message.body));
    else calls.settle(message);
  }

  connection.start(receive, (reason, cause) => life.end(closedError(facts.name, reason, cause), true));
  const close = (): void => life.end(closedError(facts.name, "it was closed here"), false);
  return { hasNames: facts.hasNames, call, match, onDeath: life.onDeath, close };
}

function encode(wanted: BusCall, serial: number, library: Library): Sent {
  const { destination, path, member, signature = "", body = [] } = wanted;
  const native = body.map((value) => toNative(value, library.Variant));
  return { serial, destination, path, interface: wanted.interface, member, signature, body: native };
}

function oneAtATime(call: Bus["call"]): Bus["call"] {
  let last: Promise<unknown> = Promise.resolve();
  return (wanted) => {
    const turn = last.then(() => call(wanted));
    last = turn.catch(() => undefined);
    return turn;
  };
}

interface Life {
  /** Throws what ended the connection. */
  check(): void;
  /** Only the first end counts; a `death` is told to those who asked. */
  end(error: RktError, death: boolean): void;
  readonly onDeath: Bus["onDeath"];
}

function createLife(cleanUp: (error: RktError) => void): Life {
  const mourners = new Set<(error: RktError) => void>();
  let ended: RktError | undefined;

  function end(error: RktError, death: boolean): void {
    if (ended !== undefined) return;
    ended = error;
    cleanUp(error);
    if (death) for (const mourn of mourners) mourn(error);
  }

  function onDeath(listener: (error: RktError) => void): () => void {
    const error = ended;
    if (error === undefined) mourners.add(listener);
    else queueMicrotask(() => listener(error));
    return () => mourners.delete(listener);
  }

  function check(): void {
    if (ended !== undefined) throw ended;
  }

  return { check, end, onDeath };
}
