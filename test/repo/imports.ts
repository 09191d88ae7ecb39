import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { listFiles, ROOT } from "./files.ts";

export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  /** Row of the layer table. */
  readonly layer: string;
  /** Files of the repository that it imports, for values or types, lazily or not. */
  readonly files: readonly string[];
  /** The same without what is imported lazily, which no cycle of loading can arise from. */
  readonly eager: readonly string[];
  /** npm packages and modules of Node. */
  readonly packages: readonly string[];
}

const STATIC = /(?:^|\n)\s*(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*"([^"]+)"/g;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;

/** The files of src/ and machined/ with what they import. */
export function readSources(): readonly SourceFile[] {
  return listFiles()
    .filter((path) => /^(src|machined)\/.*\.ts$/.test(path))
    .map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), "utf8")
    .replaceAll(/\/\*[^]*?\*\//g, "")
    .replaceAll(/^\s*\/\/.*$/gm, "");
  const eager = match(text, STATIC);
  const all = [...eager, ...match(text, DYNAMIC)];
  const resolve = (names: readonly string[]): string[] =>
    names.filter((name) => name.startsWith(".")).map((name) => normalize(join(dirname(path), name)));
  const packages = all.filter((name) => !name.startsWith(".")).map(namePackage);
  return { path, layer: layerOf(path), files: resolve(all), eager: resolve(eager), packages };
}

function match(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((found) => found[1] ?? "");
}

export function layerOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] === "machined") return "machined";
  return parts.length > 2 ? (parts[1] ?? "") : "";
}

function namePackage(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
