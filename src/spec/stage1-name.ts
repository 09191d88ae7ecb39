import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { type ImageReference, parseImageReference } from "./image-reference.ts";

/** What `Stage1=` and the flags of a command line name: an engine with the host's own files, or an image that brings them. */
export type Stage1Reference =
  | { readonly kind: "engine"; readonly name: string }
  | { readonly kind: "image"; readonly reference: Exclude<ImageReference, { readonly kind: "oci" }> };

/** The original's images of stage1, by their names without "coreos.com/rkt/stage1-", and what stands for them here. */
const originals: Readonly<Record<string, string>> = { coreos: "nspawn", src: "nspawn", host: "nspawn", fly: "fly", kvm: "kvm" };

/** A name without slash is an engine's, as `kvm:qemu`; everything else is an image's name, hash, path or URL. Throws `image-reference-invalid`. */
export function parseStage1(text: string): Stage1Reference {
  if (!text.includes("/") && !text.startsWith("sha512-")) return { kind: "engine", name: text };
  const reference = parseImageReference(text);
  if (reference.kind !== "oci") return { kind: "image", reference };
  throw new RktError("image-reference-invalid", `Cannot use stage1 ${quoteText(text)}: images of stage1 are ACIs`);
}

/**
 * The engine that stands for an image of the original where the host has no image of that name, of any version:
 * `coreos.com/rkt/stage1-fly:1.30.0` is `fly`, with the host's own files.
 */
export function builtInEngine(name: string): string | undefined {
  const flavor = /^coreos\.com\/rkt\/stage1-([a-z]+)$/.exec(name)?.[1];
  return flavor !== undefined && Object.hasOwn(originals, flavor) ? originals[flavor] : undefined;
}

/** The same by the name of its file, `stage1-fly.aci`. */
export function builtInEngineOfFile(file: string): string | undefined {
  const flavor = /^stage1-([a-z]+)\.aci$/.exec(file)?.[1];
  return flavor === undefined ? undefined : builtInEngine(`coreos.com/rkt/stage1-${flavor}`);
}
