import { RktError, messageOf } from "../base/error.ts";
import { escapeText } from "../base/escape.ts";
import {
  type AcIdentifier,
  type ImageId,
  type PlanDigest,
  type PodName,
  type Uuid,
  parseAcIdentifier,
  parseImageId,
  parsePodName,
  parseUuid,
} from "../base/id.ts";

/** One image of a pod and what lets it run. */
export type VerdictImage = { readonly id: ImageId; readonly name: AcIdentifier } & (
  | {
      /** Primary key, lower-case hex. */
      readonly fingerprint: string;
    }
  | {
      /** Of the directory of stage1's images: root put it there. */
      readonly file: string;
    }
);

/**
 * "This generation of this pod may start": the file `/run/rkt/verdicts/UUID/DIGEST`. There is no file for a refusal,
 * so a start without one fails. The start looks only for the file; the content is for people and for `rkt status`.
 */
export interface Verdict {
  readonly format: 1;
  readonly uuid: Uuid;
  readonly pod: PodName;
  readonly plan: PlanDigest;
  readonly images: readonly VerdictImage[];
  /** Milliseconds since the epoch. */
  readonly decidedAt: number;
  /** The rule that was applied: a key trusted for the name's prefix or for all images. */
  readonly policy: "trusted-keys";
}

/** The text of a verdict's file, readable by people. */
export function serializeVerdict(verdict: Verdict): string {
  return `${JSON.stringify(verdict, undefined, "\t")}\n`;
}

/** Throws `verdict-unreadable` for anything that `serializeVerdict` did not make. */
export function parseVerdict(text: string): Verdict {
  try {
    return readVerdict(JSON.parse(text));
  } catch (error) {
    throw new RktError("verdict-unreadable", `Cannot read the verdict: ${escapeText(messageOf(error))}`, {
      hint: `Make it anew with "rkt pod apply"`,
      cause: error,
    });
  }
}

function readVerdict(value: unknown): Verdict {
  const record = asRecord(value);
  if (record["format"] !== 1 || record["policy"] !== "trusted-keys") throw new Error("unknown format or policy");
  if (!Array.isArray(record["images"]) || typeof record["decidedAt"] !== "number") throw new Error("images or time are missing");
  return {
    format: 1,
    uuid: parseUuid(asText(record["uuid"])),
    pod: parsePodName(asText(record["pod"])),
    plan: asHex(record["plan"], 64) as PlanDigest,
    images: record["images"].map(readImage),
    decidedAt: record["decidedAt"],
    policy: "trusted-keys",
  };
}

function readImage(value: unknown): VerdictImage {
  const record = asRecord(value);
  const image = { id: parseImageId(asText(record["id"])), name: parseAcIdentifier(asText(record["name"])) };
  if (record["file"] !== undefined) return { ...image, file: asText(record["file"]) };
  const fingerprint = asText(record["fingerprint"]);
  return { ...image, fingerprint: asHex(fingerprint, fingerprint.length === 64 ? 64 : 40) };
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw new Error("an object is missing");
  return { ...value };
}

function asText(value: unknown): string {
  if (typeof value !== "string") throw new Error("a text is missing");
  return value;
}

function asHex(value: unknown, length: number): string {
  const text = asText(value);
  if (text.length !== length || !/^[0-9a-f]+$/.test(text)) throw new Error("a digest is missing");
  return text;
}
