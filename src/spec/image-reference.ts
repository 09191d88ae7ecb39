import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { type AcIdentifier, parseAcIdentifier } from "../base/id.ts";
import type { Label } from "./appc.ts";

/**
 * What an image string means (the original's rules). `hash`: a prefix of an image ID with at least two digits.
 * `name`: labels as requested, the version among them, sorted as written; the caller adds os and arch.
 * `path`: as written, maybe relative. `oci`: a docker or OCI reference as written.
 */
export type ImageReference =
  | { readonly kind: "hash"; readonly prefix: string }
  | { readonly kind: "name"; readonly name: AcIdentifier; readonly labels: readonly Label[] }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "url"; readonly url: string; readonly scheme: "http" | "https" }
  | { readonly kind: "oci"; readonly reference: string };

/**
 * Reads an image string. Where the original looked whether a file of that name exists, the caller may ask first and
 * use `{kind: "path"}`. Throws `image-reference-invalid`.
 */
export function parseImageReference(text: string): ImageReference {
  if (text === "" || text.length > 4096 || /[\p{Cc}\s]/u.test(text)) throw invalid(text, "it is empty, too long or holds blanks");
  if (text.startsWith("sha512-")) return parseHash(text);
  if (/^(docker|oci|oci-archive):/.test(text)) return { kind: "oci", reference: text };
  if (/^https?:\/\//.test(text)) return parseUrl(text);
  if (text.startsWith("file:")) return parseFileUrl(text);
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) throw invalid(text, "rkt does not know this kind of URL");
  if (text.startsWith("/")) return { kind: "path", path: text };
  if (!text.includes(":") && (/(^|\/)\.{1,2}\//.test(text) || text.endsWith(".aci"))) return { kind: "path", path: text };
  return parseImageName(text);
}

/** `NAME[:VERSION][,LABEL=VALUE…]`. Throws `image-reference-invalid`. */
export function parseImageName(text: string): ImageReference & { readonly kind: "name" } {
  const [head = "", ...parts] = text.split(",");
  const [name = "", version, ...more] = head.split(":");
  if (more.length > 0 || version === "") throw invalid(text, `one colon may follow the name, with a version`);
  const pairs = parts.map((part) => {
    const match = /^([^=]+)=(.*)$/.exec(part);
    if (match === null) throw invalid(text, `${quoteText(part)} is not LABEL=VALUE`);
    return { name: parseAcIdentifier(match[1] ?? ""), value: match[2] ?? "" };
  });
  const labels = version === undefined ? pairs : [{ name: parseAcIdentifier("version"), value: version }, ...pairs];
  const names = labels.map((label) => String(label.name));
  const twice = names.find((label, index) => names.indexOf(label) !== index);
  if (twice !== undefined) throw invalid(text, `label ${quoteText(twice)} stands twice`);
  if (names.includes("name")) throw invalid(text, `"name" cannot be a label`);
  return { kind: "name", name: parseName(name, text), labels };
}

function parseName(name: string, text: string): AcIdentifier {
  try {
    return parseAcIdentifier(name);
  } catch (error) {
    throw new RktError("image-reference-invalid", `Cannot use image ${quoteText(text)}: ${quoteText(name)} is no image name`, {
      hint: `Write a name as in "example.com/app:1.0", an absolute path, a URL or "sha512-…"`,
      cause: error,
    });
  }
}

function parseHash(text: string): ImageReference {
  if (!/^sha512-[0-9a-f]{2,128}$/.test(text)) throw invalid(text, `"sha512-" is followed by 2 to 128 lower-case hex digits`);
  return { kind: "hash", prefix: text };
}

function parseUrl(text: string): ImageReference {
  const url = URL.parse(text);
  if (url === null || url.hostname === "") throw invalid(text, "it is no valid URL");
  if (url.username !== "" || url.password !== "") throw invalid(text, "a URL cannot carry a user or a password");
  if (!url.pathname.endsWith(".aci")) throw invalid(text, `its path does not end in ".aci"`);
  return { kind: "url", url: text, scheme: url.protocol === "http:" ? "http" : "https" };
}

function parseFileUrl(text: string): ImageReference {
  const url = URL.parse(text);
  if (url === null || url.hostname !== "" || !text.startsWith("file:///")) throw invalid(text, `a file URL is "file:///PATH"`);
  const path = decodePath(url.pathname, text);
  return { kind: "path", path };
}

function decodePath(pathname: string, text: string): string {
  try {
    const path = decodeURIComponent(pathname);
    if (!/\p{Cc}/u.test(path)) return path;
  } catch {
    // Falls through to the one error for both.
  }
  throw invalid(text, "its path cannot be decoded");
}

function invalid(text: string, reason: string): RktError {
  return new RktError("image-reference-invalid", `Cannot use image ${quoteText(text)}: ${reason}`);
}
