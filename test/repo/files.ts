import { globSync, statSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

const IGNORED = ["node_modules/**", ".build/**", ".git/**"];

/** Every file of the repository, relative to it, sorted. */
export function listFiles(): readonly string[] {
  return globSync(["**/*", ".*", ".ci/**/*"], { cwd: ROOT, exclude: IGNORED })
    .filter((path) => !/^(node_modules|\.build|\.git)(\/|$)/.test(path) && statSync(join(ROOT, path)).isFile())
    .toSorted();
}
