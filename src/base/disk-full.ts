import { errno, RktError } from "./error.ts";
import { escapeText, quoteText } from "./escape.ts";

/** By the error of the system: what is the matter with a place, and what its administrator can do. */
const reasons: Readonly<Record<string, (place: string) => { readonly reason: string; readonly hint: string }>> = {
  ENOSPC: (place) => ({
    reason: `the file system of ${quoteText(place)} is full`,
    hint: `"df ${escapeText(place)}" and "df -i ${escapeText(place)}" show what is left of it`,
  }),
  EDQUOT: (place) => ({ reason: `the disk quota for ${quoteText(place)} is used up`, hint: "Make room, or raise the quota" }),
};

/** What makes room where rkt keeps what is its own. */
export const ownRemedy = `"rkt gc" and "rkt image gc" remove what no pod needs`;

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

/** Does an error come from a file system or a quota without room? */
export function isNoRoom(error: unknown): boolean {
  return reasonOf(error) !== undefined;
}

/** Of the error, or of the nearest one among those that caused it. */
function reasonOf(error: unknown): (typeof reasons)[string] | undefined {
  return reasons[errno(error) ?? ""] ?? (error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : undefined);
}
