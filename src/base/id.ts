import { RktError } from "./error.ts";
import { quoteText } from "./escape.ts";

/** Lower-case UUID with dashes, never all zero (appc spec, "AC UUID"). */
export type Uuid = string & { readonly brand: "Uuid" };
/** `sha512-` and 128 lower-case hex digits: an ACI's id (appc spec, "Image ID"), of its uncompressed tar. */
export type ImageId = string & { readonly brand: "ImageId" };
/** AC Name: `^[a-z0-9]+([-][a-z0-9]+)*$`. */
export type AcName = string & { readonly brand: "AcName" };
/** AC Identifier: `^[a-z0-9]+([-._~/][a-z0-9]+)*$`. */
export type AcIdentifier = string & { readonly brand: "AcIdentifier" };
/** Name of a declared pod: letters, digits, `-`, `_`, `.`, the first a letter or digit, at most 64. */
export type PodName = string & { readonly brand: "PodName" };
/** 64 lower-case hex digits: sha256 of a plan, which names its generation. */
export type PlanDigest = string & { readonly brand: "PlanDigest" };

/** Accepts 32 hex digits with or without dashes; throws `uuid-invalid`. */
export function parseUuid(text: string): Uuid {
  const uuid = tryUuid(text);
  if (uuid === undefined) throw new RktError("uuid-invalid", `Cannot read ${quoteText(text)} as a UUID`);
  return uuid;
}

/** Like `parseUuid`, undefined instead of an error. */
export function tryUuid(text: string): Uuid | undefined {
  // As rkt writes them; a list reads many.
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{11}[1-9a-f]$/.test(text)) return text as Uuid;
  const hex = text.toLowerCase().replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/.test(hex) || /^0+$/.test(hex)) return undefined;
  if (text.length !== 32 && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") as Uuid;
}

/** The pod's machine id: its UUID without dashes (machine-id(5)). */
export function machineIdOf(uuid: Uuid): string {
  return uuid.replaceAll("-", "");
}

/** The pod's name in systemd-machined. */
export function machineNameOf(uuid: Uuid): string {
  return `rkt-${uuid}`;
}

export function parseImageId(text: string): ImageId {
  if (!/^sha512-[0-9a-f]{128}$/.test(text)) {
    throw new RktError("image-id-invalid", `Cannot read ${quoteText(text)} as an image ID`, {
      hint: `An image ID is "sha512-" and 128 hex digits`,
    });
  }
  return text as ImageId;
}

export function parseAcName(text: string): AcName {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) || text.length > 512) {
    throw new RktError("ac-name-invalid", `Cannot read ${quoteText(text)} as an AC name`, {
      hint: "Lower-case letters and digits, single dashes between them",
    });
  }
  return text as AcName;
}

export function parseAcIdentifier(text: string): AcIdentifier {
  if (!/^[a-z0-9]+([-._~/][a-z0-9]+)*$/.test(text) || text.length > 1024) {
    throw new RktError("ac-identifier-invalid", `Cannot read ${quoteText(text)} as an AC identifier`, {
      hint: `Lower-case letters and digits, single "-", ".", "_", "~" or "/" between them`,
    });
  }
  return text as AcIdentifier;
}

export function parsePodName(text: string): PodName {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) || tryUuid(text) !== undefined) {
    throw new RktError("pod-name-invalid", `Cannot use ${quoteText(text)} as a pod's name`, {
      hint: `Letters, digits, "-", "_" and ".", the first a letter or digit, at most 64, and not a UUID`,
    });
  }
  return text as PodName;
}

/** An AC name made of any text, as the original did: lower-cased, invalid characters to `-`; throws when nothing is left. */
export function sanitizeAcName(text: string): AcName {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return parseAcName(name);
}
