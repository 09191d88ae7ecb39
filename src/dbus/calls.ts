import type { Received } from "dbus-next/lib/message-type.js";
import type { RktError } from "../base/error.ts";
import type { BusCall } from "./bus.ts";
import { methodError, replyError, timeoutError } from "./error.ts";

const DEFAULT_TIMEOUT = 25_000;
const ERROR = 3;

/** The calls that wait for an answer, by serial. */
export interface Calls {
  /** `send` puts the message on its way; a failure of it is the call's. */
  start(call: BusCall, send: (serial: number) => void): Promise<readonly unknown[]>;
  /** An answer; one that nothing waits for (any more) is dropped. */
  settle(message: Received): void;
  /** Every pending call fails. */
  fail(error: RktError): void;
}

interface Pending {
  readonly call: BusCall;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (body: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

export function createCalls(): Calls {
  const pending = new Map<number, Pending>();
  let lastSerial = 0;

  function take(serial: number): Pending | undefined {
    const found = pending.get(serial);
    if (found === undefined) return undefined;
    clearTimeout(found.timer);
    pending.delete(serial);
    return found;
  }

  function start(call: BusCall, send: (serial: number) => void): Promise<readonly unknown[]> {
    lastSerial += 1;
    const serial = lastSerial;
    const timeoutMs = call.timeoutMs ?? DEFAULT_TIMEOUT;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => take(serial)?.reject(timeoutError(call, timeoutMs)), timeoutMs);
      pending.set(serial, { call, timer, resolve, reject });
      try {
        send(serial);
      } catch (error) {
        take(serial)?.reject(error);
      }
    });
  }

  return {
    start,
    settle: (message) => {
      const found = message.replySerial === undefined ? undefined : take(message.replySerial);
      if (found !== undefined) answer(found, message);
    },
    fail: (error) => {
      for (const serial of [...pending.keys()]) take(serial)?.reject(error);
    },
  };
}

function answer({ call, resolve, reject }: Pending, message: Received): void {
  if (message.type === ERROR) {
    const text = typeof message.body[0] === "string" ? message.body[0] : "";
    return reject(methodError(call, message.errorName ?? "", text));
  }
  if (call.reply !== undefined && call.reply !== message.signature) return reject(replyError(call, message.signature));
  resolve(message.body);
}
