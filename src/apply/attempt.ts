import { errno, messageOf, RktError } from "../base/error.ts";
import { escapeText } from "../base/escape.ts";

/** Removes one of many: what rkt or the kernel refuses it for is handed on, and keeps no other. Was it? */
export function attempt(what: string, fail: (error: RktError) => void, action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof RktError) fail(error);
    else if (errno(error) === undefined) throw error;
    else fail(new RktError("not-removed", `Cannot remove ${what}: ${escapeText(messageOf(error))}`, { cause: error }));
    return false;
  }
}
