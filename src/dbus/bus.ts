/**
 * A connection to a message bus, or to one peer that speaks the same protocol (PID 1's private socket).
 *
 * Nothing waits for ever: every call has a time-out, and when the connection ends every pending call, every waiter
 * and every later call fails with `dbus-closed`. 64-bit integers are bigint, byte arrays are Buffers, variants in
 * replies and signals are replaced by their values.
 */
import type { RktError } from "../base/error.ts";

export interface Bus {
  /** False for a peer without a bus: there are no names, no match rules, and everything it says comes from it. */
  readonly hasNames: boolean;
  /** Resolves with the reply's values; throws `dbus-error` (see `isDbusError`), `dbus-timeout` or `dbus-closed`. */
  call(call: BusCall): Promise<unknown[]>;
  /** Resolves when the rule is in force: a signal that is caused by a later call is not missed. */
  match(rule: MatchRule, listener: SignalListener): Promise<Subscription>;
  /** Called once when the connection ends otherwise than by `close`; at once when it has ended already. Returns the way to take it back. */
  onDeath(listener: (error: RktError) => void): () => void;
  /** Idempotent. What is still pending fails with `dbus-closed`. */
  close(): void;
}

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** Of `body`; default: no arguments. */
  readonly signature?: string;
  readonly body?: readonly unknown[];
  /** Signature that the reply must have; another one throws `dbus-reply`. Default: not checked. */
  readonly reply?: string;
  /** Default 25 s. */
  readonly timeoutMs?: number;
}

export interface MatchRule {
  /** A well-known name: followed through its changes of owner, so a service may exit and come back. */
  readonly sender: string;
  readonly interface: string;
  readonly member: string;
  readonly path?: string;
}

export interface BusSignal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

export type SignalListener = (signal: BusSignal) => void;

export interface Subscription {
  /** No call of the listener follows. Idempotent. */
  close(): void;
}
