import { basename, join } from "node:path";
import { type AcIdentifier, parseAcIdentifier } from "../base/id.ts";
import type { Host } from "../host/host.ts";

/** `…/trustedkeys` of the distribution and of the administrator. */
export interface KeystoreDirectories {
  readonly system: string;
  readonly local: string;
}

/** What a key is to be trusted for: a prefix of image names, or all of them. */
export type KeyScope = { readonly prefix: AcIdentifier } | "root";

/** A file below `root.d` or `prefix.d`; its content has not been looked at. */
export interface KeyFile {
  /** Missing below `root.d`. */
  readonly prefix?: AcIdentifier;
  readonly path: string;
  /** An empty local file masks the system key of the same scope and name. */
  readonly empty: boolean;
}

/** Lower-case hex of a version 4 or 6 key's fingerprint. */
export function isFingerprint(name: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
}

/** `root.d`, or `prefix.d` and a directory for each component of the prefix. */
export function directoryOf(base: string, scope: KeyScope): string {
  return scope === "root" ? join(base, "root.d") : join(base, "prefix.d", scope.prefix);
}

/** The files that concern an image's name: of `root.d` and of each prefix, shortest first. */
export function keyFilesFor(host: Host, base: string, name: AcIdentifier): KeyFile[] {
  const prefixes = prefixesOf(name).map((prefix) => ({ prefix }));
  return ["root" as const, ...prefixes].flatMap((scope) => listScope(host, base, scope));
}

/** All files, root keys first, then by prefix. */
export function listKeyFiles(host: Host, base: string): KeyFile[] {
  const prefixes = listPrefixes(host, join(base, "prefix.d"), []);
  return [...listScope(host, base, "root"), ...prefixes.flatMap((prefix) => listScope(host, base, { prefix }))];
}

/** Every directory below `prefix.d`, whatever its name. */
export function listKeyDirectories(host: Host, base: string): string[] {
  const below = (directory: string): string[] =>
    host.files
      .tryList(directory)
      .map((name) => join(directory, name))
      .filter((path) => host.files.tryLstat(path)?.type === "directory")
      .flatMap((path) => [path, ...below(path)]);
  return below(join(base, "prefix.d"));
}

/** Whether an empty local file takes that system key away. */
export function isMasked(file: KeyFile, locals: readonly KeyFile[]): boolean {
  return locals.some((local) => local.empty && local.prefix === file.prefix && basename(local.path) === basename(file.path));
}

/** `a.com/b/c` → `a.com`, `a.com/b`, `a.com/b/c`. */
function prefixesOf(name: AcIdentifier): AcIdentifier[] {
  const components = name.split("/");
  return components.map((_, index) => parseAcIdentifier(components.slice(0, index + 1).join("/")));
}

/** Everything but directories: a link or a device is listed too, for the reader to refuse it. */
function listScope(host: Host, base: string, scope: KeyScope): KeyFile[] {
  const directory = directoryOf(base, scope);
  return host.files.tryList(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = host.files.tryLstat(path);
    if (stat === undefined || stat.type === "directory") return [];
    return [{ ...(scope === "root" ? {} : { prefix: scope.prefix }), path, empty: stat.type === "file" && stat.size === 0 }];
  });
}

function listPrefixes(host: Host, directory: string, components: readonly string[]): AcIdentifier[] {
  const names = host.files.tryList(directory).filter((name) => host.files.tryLstat(join(directory, name))?.type === "directory");
  return names.flatMap((name) => {
    const path = [...components, name];
    const prefix = tryPrefix(path.join("/"));
    const deeper = listPrefixes(host, join(directory, name), path);
    return prefix === undefined ? deeper : [prefix, ...deeper];
  });
}

/** Directories whose name no image can have concern none. */
function tryPrefix(text: string): AcIdentifier | undefined {
  try {
    return parseAcIdentifier(text);
  } catch {
    return undefined;
  }
}
