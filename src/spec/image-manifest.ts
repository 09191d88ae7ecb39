import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier, parseImageId } from "../base/id.ts";
import type { Dependency, ImageManifest, Label } from "./appc.ts";
import { readAnnotations, readAppSection, readLabels } from "./app-section.ts";
import { defined } from "./defined.ts";
import { manifestError, optional, parseJsonObject, readInteger, readList, readObject, readString, readWith } from "./json-reader.ts";

const MAX_MANIFEST = 1024 * 1024;

/** Operating systems and architectures that appc knows. */
const PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  linux: ["amd64", "i386", "aarch64", "aarch64_be", "armv6l", "armv7l", "armv7b", "ppc64", "ppc64le", "s390x"],
  freebsd: ["amd64", "i386", "arm"],
  darwin: ["x86_64", "i386"],
};

/**
 * Reads and checks an ACI's manifest (appc spec 0.8.11). Unknown keys are dropped, unknown isolators refused.
 * Throws `manifest-invalid` naming the place, or `isolator-invalid`.
 */
export function parseImageManifest(json: string | Uint8Array): ImageManifest {
  const manifest = parseJsonObject(json, "The image manifest", MAX_MANIFEST);
  if (manifest["acKind"] !== "ImageManifest") throw manifestError(`The image manifest's "acKind" is not "ImageManifest"`);
  const labels = optional(manifest["labels"], "labels", readLabels);
  checkPlatform(labels ?? []);
  return defined({
    acKind: "ImageManifest" as const,
    acVersion: readVersion(manifest["acVersion"]),
    name: readWith(manifest["name"], "name", parseAcIdentifier),
    labels,
    app: optional(manifest["app"], "app", readAppSection),
    dependencies: optional(manifest["dependencies"], "dependencies", (v, p) => readList(v, p, readDependency)),
    pathWhitelist: optional(manifest["pathWhitelist"], "pathWhitelist", (v, p) => readList(v, p, readWhitelisted)),
    annotations: optional(manifest["annotations"], "annotations", readAnnotations),
  });
}

/** appc's version: semantic, not all zero. */
export function readVersion(value: unknown): string {
  const version = readString(value, "acVersion");
  if (!/^\d{1,9}\.\d{1,9}\.\d{1,9}([-+][0-9A-Za-z.+-]{1,100})?$/.test(version) || version.startsWith("0.0.0")) {
    throw manifestError(`"acVersion" ${quoteText(version)} is no version of appc`);
  }
  return version;
}

function checkPlatform(labels: readonly Label[]): void {
  const valueOf = (name: string): string | undefined => labels.find((label) => label.name === name)?.value;
  const [os, arch] = [valueOf("os"), valueOf("arch")];
  if (os === undefined && arch !== undefined) throw manifestError(`"labels" has "arch" but no "os"`);
  if (os === undefined) return;
  const architectures = Object.hasOwn(PLATFORMS, os) ? PLATFORMS[os] : undefined;
  if (architectures === undefined) throw manifestError(`"labels" has an unknown "os" ${quoteText(os)}`);
  if (arch !== undefined && !architectures.includes(arch))
    throw manifestError(`"labels" has an unknown "arch" ${quoteText(arch)} for ${quoteText(os)}`);
}

function readDependency(value: unknown, place: string): Dependency {
  const dependency = readObject(value, place);
  return defined({
    imageName: readWith(dependency["imageName"], `${place}.imageName`, parseAcIdentifier),
    imageID: optional(dependency["imageID"] === "" ? undefined : dependency["imageID"], `${place}.imageID`, (v, p) =>
      readWith(v, p, parseImageId),
    ),
    labels: optional(dependency["labels"], `${place}.labels`, readLabels),
    size: optional(dependency["size"], `${place}.size`, (v, p) => readInteger(v, p, 0, Number.MAX_SAFE_INTEGER)),
  });
}

function readWhitelisted(value: unknown, place: string): string {
  const path = readString(value, place);
  if (!path.startsWith("/") || path.split("/").includes("..")) throw manifestError(`${quoteText(place)} is no absolute path`);
  return path;
}
