import { resolve } from "node:path";
import { isNoRoom } from "../../base/disk-full.ts";
import { errno, messageOf, RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { ImageReference } from "../../spec/image-reference.ts";
import { type ImageSource, largestSignature, signatureSuffix } from "./source.ts";

/** A file of this machine, its signature beside it. */
export const fileSource: ImageSource = {
  accepts: (reference) => reference.kind === "path",
  readSignature: async ({ host }, reference) => readSignatureFile(host, `${pathOf(reference)}${signatureSuffix}`),
  readImage: async ({ host, largestImage, progress }, reference, target) => {
    const path = pathOf(reference);
    try {
      const stat = host.files.stat(path);
      if (stat.type !== "file") throw new Error(`it is a ${stat.type}, not a file`);
      if (stat.size > largestImage) throw new Error(`it has more than ${largestImage} bytes`);
      // A copy of our own: what is verified must be what is read later.
      host.raw.copy(path, target, 0o600);
      progress?.({ what: "image", source: path, received: stat.size, total: stat.size });
    } catch (error) {
      // Of the two files of the copy it is the new one that has no room.
      if (isNoRoom(error)) throw error;
      const reason = errno(error) === "ENOENT" ? "there is no such file" : messageOf(error);
      throw new RktError("image-unreadable", `Cannot read image ${quoteText(path)}: ${reason}`, { cause: error });
    }
  },
};

/** Throws `image-no-signature` where the file is missing. */
export function readSignatureFile(host: Host, path: string): Buffer {
  const stat = host.files.tryStat(path);
  if (stat === undefined) {
    throw new RktError("image-no-signature", `Cannot verify the image: it has no signature at ${quoteText(path)}`, {
      hint: `Say where it is with "--signature", or fetch without verification with "--insecure-options=image"`,
    });
  }
  if (stat.type !== "file" || stat.size > largestSignature) {
    throw new RktError("signature-unreadable", `Cannot read the signature ${quoteText(path)}: it is no file of a signature's size`);
  }
  return host.files.read(path);
}

function pathOf(reference: ImageReference): string {
  return reference.kind === "path" ? resolve(reference.path) : "";
}
