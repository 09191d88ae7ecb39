import { RktError } from "../base/error.ts";
import { escapeText } from "../base/escape.ts";
import type { BusCall } from "./bus.ts";

/** Is there, in the error or among its causes, the answer of a method with this D-Bus error name ("org.freedesktop.systemd1.NoSuchUnit")? */
export function isDbusError(error: unknown, name?: string): boolean {
  if (!(error instanceof RktError) || error.code !== "dbus-error") return false;
  if (error.cause instanceof RktError) return isDbusError(error.cause, name);
  return name === undefined || (error.cause instanceof Error && error.cause.name === name);
}

/** What a method answered instead of a reply. The D-Bus error name is the name of the cause. */
export function methodError(call: BusCall, name: string, text: string): RktError {
  const cause = new Error(escapeText(text));
  cause.name = name;
  return new RktError("dbus-error", `Cannot call ${call.member} of ${call.destination}: ${escapeText(text) || name}`, { cause });
}

export function timeoutError(call: BusCall, timeoutMs: number): RktError {
  return new RktError("dbus-timeout", `Cannot call ${call.member} of ${call.destination}: no answer within ${timeoutMs / 1000} s`);
}

export function replyError(call: BusCall, signature: string): RktError {
  const found = `the reply has signature "${escapeText(signature)}", not "${call.reply}"`;
  return new RktError("dbus-reply", `Cannot call ${call.member} of ${call.destination}: ${found}`);
}

export function closedError(address: string, reason: string, cause?: unknown): RktError {
  return new RktError("dbus-closed", `Cannot go on talking to ${address}: ${escapeText(reason)}`, { cause });
}

export function connectError(address: string, reason: string, cause?: unknown): RktError {
  return new RktError("dbus-connect", `Cannot connect to ${address}: ${escapeText(reason)}`, { cause });
}
