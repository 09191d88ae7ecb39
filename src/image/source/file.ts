import { resolve } from "node:path";
import { isNoRoom } from "../../base/disk-full.ts";
import { errno, messageOf, RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { ImageReference } from "../../spec/image-reference.ts";
import { type ImageSource, largestSignature, signatureSuffix, type SourceContext } from "./source.ts";

/** A file of this machine, its signature beside it. */
export const fileSource: ImageSource = {
  accepts: (reference) => reference.kind === "path",
  assertThere: (context, reference) => {
    const path = pathOf(reference);
    try {
      measure(context, path);
    } catch (error) {
      throw unreadable(path, error);
    }
  },
  readSignature: async ({ host }, reference) => {
    const path = `${pathOf(reference)}${signatureSuffix}`;
    if (host.files.tryStat(path) !== undefined) return readSignatureFile(host, path);
    throw new RktError("image-no-signature", `Cannot verify the image: it has no signature at ${quoteText(path)}`, {
      hint: `Say where it is with "--signature", or fetch without verification with "--insecure-options=image"`,
    });
  },
  readImage: async (context, reference, target) => {
    const path = pathOf(reference);
    try {
      const size = measure(context, path);
      // A copy of our own: what is verified must be what is read later.
      context.host.raw.copy(path, target, 0o600);
      context.progress?.({ what: "image", source: path, received: size, total: size });
    } catch (error) {
      // Of the two files of the copy it is the new one that has no room.
      if (isNoRoom(error)) throw error;
      throw unreadable(path, error);
    }
  },
};

/** The file that the caller named, or the one beside the image. Throws `signature-unreadable`. */
export function readSignatureFile(host: Host, path: string): Buffer {
  const stat = host.files.tryStat(path);
  if (stat === undefined) throw new RktError("signature-unreadable", `Cannot read the signature ${quoteText(path)}: there is no such file`);
  if (stat.type !== "file" || stat.size > largestSignature) {
    throw new RktError("signature-unreadable", `Cannot read the signature ${quoteText(path)}: it is no file of a signature's size`);
  }
  return host.files.read(path);
}

/** Bytes of the image. */
function measure({ host, largestImage }: SourceContext, path: string): number {
  const stat = host.files.stat(path);
  if (stat.type !== "file") throw new Error(`it is a ${stat.type}, not a file`);
  if (stat.size > largestImage) throw new Error(`it has more than ${largestImage} bytes`);
  return stat.size;
}

function unreadable(path: string, cause: unknown): RktError {
  const reason = ["ENOENT", "ENOTDIR"].includes(errno(cause) ?? "") ? "there is no such file" : messageOf(cause);
  return new RktError("image-unreadable", `Cannot read image ${quoteText(path)}: ${reason}`, { cause });
}

function pathOf(reference: ImageReference): string {
  return reference.kind === "path" ? resolve(reference.path) : "";
}
