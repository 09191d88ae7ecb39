import type { Received } from "dbus-next/lib/message-type.js";
import type { Bus, BusSignal, MatchRule, SignalListener, Subscription } from "./bus.ts";
import { createOwners, type Owners } from "./owners.ts";

const DBUS = "org.freedesktop.DBus";

/** The listeners of a connection, and the match rules that the bus knows for them. */
export interface Matches {
  add(rule: MatchRule, listener: SignalListener): Promise<Subscription>;
  /** Hands a signal to its listeners. */
  dispatch(message: Received, body: readonly unknown[]): void;
}

interface Entry {
  readonly rule: MatchRule;
  readonly listener: SignalListener;
}

/** A peer without a bus sends what it sends: no rule is added there, and no sender is asked for. */
export function createMatches(call: Bus["call"], hasNames: boolean): Matches {
  const entries = new Set<Entry>();
  const owners = createOwners(call, ownerRule);

  async function add(rule: MatchRule, listener: SignalListener): Promise<Subscription> {
    const entry = { rule, listener };
    entries.add(entry);
    try {
      const remote = hasNames ? await addRemote(rule, call, owners) : undefined;
      return { close: () => void (entries.delete(entry) && remote?.close()) };
    } catch (error) {
      entries.delete(entry);
      throw error;
    }
  }

  function dispatch(message: Received, body: readonly unknown[]): void {
    const signal: BusSignal = {
      path: message.path ?? "",
      interface: message.interface ?? "",
      member: message.member ?? "",
      body,
    };
    if (message.sender === DBUS && signal.member === "NameOwnerChanged") owners.changed(signal.body);
    for (const { rule, listener } of entries) {
      if (fits(rule, signal) && (!hasNames || owners.owns(message.sender, rule.sender))) listener(signal);
    }
  }

  return { add, dispatch };
}

async function addRemote(rule: MatchRule, call: Bus["call"], owners: Owners): Promise<Subscription> {
  const owner = await owners.follow(rule.sender);
  await callMatch(call, "AddMatch", rule);
  return {
    close: () => {
      owner.close();
      callMatch(call, "RemoveMatch", rule).catch(() => undefined);
    },
  };
}

function callMatch(call: Bus["call"], member: string, rule: MatchRule): Promise<unknown[]> {
  return call({ destination: DBUS, path: "/org/freedesktop/DBus", interface: DBUS, member, signature: "s", body: [matchText(rule)] });
}

/** The rule as the bus reads it (D-Bus specification, "Match Rules"). */
export function matchText(rule: MatchRule): string {
  const parts = [`type='signal'`, `sender='${rule.sender}'`, `interface='${rule.interface}'`, `member='${rule.member}'`];
  if (rule.path !== undefined) parts.push(`path='${rule.path}'`);
  return parts.join(",");
}

function ownerRule(name: string): string {
  return `${matchText({ sender: DBUS, interface: DBUS, member: "NameOwnerChanged", path: "/org/freedesktop/DBus" })},arg0='${name}'`;
}

function fits(rule: MatchRule, signal: BusSignal): boolean {
  if (rule.path !== undefined && rule.path !== signal.path) return false;
  return rule.interface === signal.interface && rule.member === signal.member;
}
