import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier } from "../base/id.ts";
import type { Label } from "../spec/appc.ts";
import { type ImageReference, parseImageReference } from "../spec/image-reference.ts";
import type { StoredImage } from "./image.ts";

/** What can mean an image of the store: the beginning of an ID, or a name with labels. */
export type ImageQuery = Extract<ImageReference, { readonly kind: "hash" | "name" }>;

/** Throws `image-reference-invalid`, also for a path or a URL. */
export function parseImageQuery(text: string): ImageQuery {
  const reference = parseImageReference(text);
  if (reference.kind === "hash" || reference.kind === "name") return reference;
  throw new RktError("image-reference-invalid", `Cannot find image ${quoteText(text)} in the store: it is neither a name nor an ID`);
}

/** As the user would write it. */
export function formatQuery(query: ImageQuery): string {
  if (query.kind === "hash") return query.prefix;
  const version = query.labels.find((label) => label.name === "version");
  const others = query.labels.filter((label) => label !== version).map((label) => `,${label.name}=${label.value}`);
  return `${query.name}${version === undefined ? "" : `:${version.value}`}${others.join("")}`;
}

/**
 * Each requested label must be the image's; what else the image has does not matter (appc, "Dependency Matching").
 * Labels `os` and `arch` that are not said are those of this machine.
 */
export function matchesQuery(image: Pick<StoredImage, "id" | "name" | "labels">, query: ImageQuery): boolean {
  if (query.kind === "hash") return image.id.startsWith(query.prefix);
  const wanted = withMachine(query.labels);
  return (
    image.name === query.name &&
    wanted.every((label) => image.labels.some(({ name, value }) => name === label.name && value === label.value))
  );
}

function withMachine(labels: readonly Label[]): Label[] {
  const words: Readonly<Record<string, string>> = { x64: "amd64", arm64: "aarch64", ia32: "i386", arm: "armv7l" };
  const machine = { os: "linux", arch: words[process.arch] ?? process.arch };
  const added = Object.entries(machine).filter(([name]) => labels.every((label) => label.name !== name));
  return [...labels, ...added.map(([name, value]) => ({ name: parseAcIdentifier(name), value }))];
}
