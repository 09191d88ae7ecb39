import { diskFull, ownRemedy } from "../base/disk-full.ts";
import { errno, messageOf, RktError } from "../base/error.ts";
import { escapeText } from "../base/escape.ts";
import { layoutOf } from "../store/layout.ts";
import type { Store } from "../store/store.ts";

/** `disk-full`, where it is the store that has no room. */
export function storeFull(error: unknown, failed: string, store: Pick<Store, "dataDir">): RktError | undefined {
  return diskFull(error, failed, { place: layoutOf(store.dataDir).cas, remedy: ownRemedy });
}

/**
 * What stopped an action that writes to the store: `disk-full`, and `store-failed` for what else the system refused. An error that says
 * itself what it means stays what it is, and so does one of missing access.
 */
export function explainStore(error: unknown, failed: string, store: Pick<Store, "dataDir">): unknown {
  const full = storeFull(error, failed, store);
  if (full !== undefined) return full;
  const isOfSystem = error instanceof Error && "syscall" in error && errno(error) !== "EACCES";
  return isOfSystem ? new RktError("store-failed", `${failed}: ${escapeText(messageOf(error))}`, { cause: error }) : error;
}
