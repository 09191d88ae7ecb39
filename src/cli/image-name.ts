import type { StoredImage } from "../store/image.ts";

/** `name[:version]`, as tables show an image. */
export function nameImage(image: Pick<StoredImage, "name" | "labels">): string {
  const version = image.labels.find((label) => label.name === "version");
  return version === undefined ? image.name : `${image.name}:${version.value}`;
}

/** `sha512-` and as many hex digits as tell images apart in a table. */
export function shortenId(id: string, digits = 12): string {
  return id.slice(0, "sha512-".length + digits);
}
