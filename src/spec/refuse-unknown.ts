import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { nearest } from "./nearest.ts";

/** A slip in an optional field would else be a setting that has no effect. */
export function refuseUnknown(fields: Readonly<Record<string, unknown>>, known: readonly string[], place: string): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const guess = nearest(unknown, known);
  throw new RktError("config-invalid", `${quoteText(`${place}${unknown}`)} is no field of it`, {
    hint: guess === undefined ? `It has ${known.join(", ")}` : `The nearest is "${guess}"`,
  });
}
