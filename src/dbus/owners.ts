import type { Bus, Subscription } from "./bus.ts";
import { isDbusError } from "./error.ts";

const DBUS = "org.freedesktop.DBus";

/**
 * Who owns a well-known name, kept up to date. Any client of a bus may send a signal to our address: one that does not come
 * from the name's owner is not believed.
 */
export interface Owners {
  follow(name: string): Promise<Subscription>;
  owns(sender: string | undefined, name: string): boolean;
  changed(body: readonly unknown[]): void;
}

interface Followed {
  owner: string;
  users: number;
}

export function createOwners(call: Bus["call"], ruleOf: (name: string) => string): Owners {
  const followed = new Map<string, Followed>();

  async function follow(name: string): Promise<Subscription> {
    const entry = followed.get(name) ?? { owner: "", users: 0 };
    followed.set(name, entry);
    entry.users += 1;
    if (entry.users === 1) await callBus("AddMatch", ruleOf(name));
    const owner = await ownerOf(name);
    if (owner !== undefined) entry.owner = owner;
    return { close: () => release(name, entry) };
  }

  function release(name: string, entry: Followed): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    followed.delete(name);
    callBus("RemoveMatch", ruleOf(name)).catch(() => undefined);
  }

  async function ownerOf(name: string): Promise<string | undefined> {
    try {
      const [owner] = await callBus("GetNameOwner", name);
      return typeof owner === "string" ? owner : undefined;
    } catch (error) {
      if (isDbusError(error, "org.freedesktop.DBus.Error.NameHasNoOwner")) return undefined;
      throw error;
    }
  }

  function callBus(member: string, argument: string): Promise<unknown[]> {
    return call({ destination: DBUS, path: "/org/freedesktop/DBus", interface: DBUS, member, signature: "s", body: [argument] });
  }

  return {
    follow,
    owns: (sender, name) => sender !== undefined && (sender === name || (followed.get(name)?.owner ?? "") === sender),
    changed: ([name, , owner]) => {
      const entry = typeof name === "string" ? followed.get(name) : undefined;
      if (entry !== undefined && typeof owner === "string") entry.owner = owner;
    },
  };
}
