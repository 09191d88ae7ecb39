import { errno, messageOf, RktError } from "../base/error.ts";
import { escapeText, quoteText } from "../base/escape.ts";
import { layoutOf } from "../store/layout.ts";
import type { Store } from "../store/store.ts";

/** By the error of the system: what is the matter with a place, and what its administrator can do. */
const reasons: Readonly<Record<string, (place: string) => { readonly reason: string; readonly hint: string }>> = {
  ENOSPC: (place) => ({
    reason: `the file system of ${quoteText(place)} is full`,
    hint: `"df ${escapeText(place)}" and "df -i ${escapeText(place)}" show what is left of it`,
  }),
  EDQUOT: (place) => ({ reason: `the disk quota for ${quoteText(place)} is used up`, hint: "Make room, or raise the quota" }),
};

export interface Writing {
  /** A directory of the file system that was written to. */
  readonly place: string;
  /** What makes room there. */
  readonly remedy?: string;
}

/**
 * `disk-full`, where an error comes from a file system or a quota without room, however deep; `failed` says what could not be done
 * ("Cannot fetch …"). undefined for any other error.
 */
export function diskFull(error: unknown, failed: string, { place, remedy }: Writing): RktError | undefined {
  if (error instanceof RktError && error.code === "disk-full") return error;
  const explain = reasonOf(error);
  if (explain === undefined) return undefined;
  const { reason, hint } = explain(place);
  return new RktError("disk-full", `${failed}: ${reason}`, { hint: remedy === undefined ? hint : `${remedy}; ${hint}`, cause: error });
}

/** The same where it is the store that has no room. */
export function storeFull(error: unknown, failed: string, store: Pick<Store, "dataDir">): RktError | undefined {
  const remedy = `"rkt gc" and "rkt image gc" remove what no pod needs`;
  return diskFull(error, failed, { place: layoutOf(store.dataDir).cas, remedy });
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

/** Does an error come from a file system or a quota without room? */
export function isNoRoom(error: unknown): boolean {
  return reasonOf(error) !== undefined;
}

/** Of the error, or of the nearest one among those that caused it. */
function reasonOf(error: unknown): (typeof reasons)[string] | undefined {
  return reasons[errno(error) ?? ""] ?? (error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : undefined);
}
