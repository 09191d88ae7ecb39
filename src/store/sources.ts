import type { EarlierSource, StoredImage } from "./image.ts";

/** Places that an image's record keeps, the last one included. */
const mostSources = 16;

type Sourced = Pick<StoredImage, "source" | "importTime" | "earlierSources">;

/** What a record keeps of where its content came from, now that it comes from `source`: the latest first, without that one. */
export function earlierSources(known: Sourced | undefined, source: string): EarlierSource[] {
  if (known === undefined) return [];
  return sourcesOf(known)
    .filter((earlier) => earlier.source !== source)
    .slice(0, mostSources - 1);
}

/** When an image last came from there, in milliseconds since the epoch; undefined where it never did. */
export function lastImportFrom(image: Sourced, source: string): number | undefined {
  return sourcesOf(image).find((known) => known.source === source)?.importTime;
}

/** Those that came from there; first what came from there last. */
export function imagesFrom(images: readonly StoredImage[], source: string): StoredImage[] {
  const found = images.flatMap((image) => {
    const time = lastImportFrom(image, source);
    return time === undefined ? [] : [{ image, time }];
  });
  return found.toSorted((a, b) => b.time - a.time).map(({ image }) => image);
}

function sourcesOf({ source, importTime, earlierSources }: Sourced): EarlierSource[] {
  return [{ source, importTime }, ...(earlierSources ?? [])];
}
