import { RktError } from "../../base/error.ts";
import type { ImageReference } from "../../spec/image-reference.ts";
import { fileSource } from "./file.ts";
import { httpsSource } from "./https.ts";
import type { ImageSource } from "./source.ts";

export const imageSources: readonly ImageSource[] = [fileSource, httpsSource];

/** Throws `image-source-unsupported`. */
export function sourceOf(reference: ImageReference): ImageSource {
  const source = imageSources.find((candidate) => candidate.accepts(reference));
  if (source !== undefined) return source;
  throw new RktError(
    "image-source-unsupported",
    `Cannot fetch the image: rkt cannot fetch ${reference.kind === "oci" ? "OCI images" : "this kind of reference"} yet`,
  );
}
