import { createHash } from "node:crypto";
import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";
import type { CommitRecord, PlanInput } from "../pod/record.ts";
import type { PodDeclaration } from "../spec/declaration.ts";

/** What was planned from and cannot be read now. */
const unreadable = "unreadable";
const maxInput = 1 << 20;

/** The files that a declaration was read from, and its environment files, with the digests of what they hold now. */
export function readInputs(host: Host, declaration: PodDeclaration): PlanInput[] {
  const paths = [...declaration.paths, ...declaration.apps.flatMap((app) => app.environmentFiles.map((file) => file.path))];
  return [...new Set(paths)].map((path) => ({ path, sha256: digestOf(host, path) ?? "" }));
}

/**
 * Was the pod changed after it was applied? `sources` are the declaration's files as they stand now (main file, drop-ins).
 * Environment files are compared as they were known at the apply.
 */
export function isOutOfDate(host: Host, commit: CommitRecord, sources: readonly string[]): boolean {
  if (commit.generation === undefined) return false;
  const known = new Set(commit.inputs.map((input) => input.path));
  if (sources.some((path) => !known.has(path))) return true;
  return commit.inputs.some((input) => {
    const now = digestOf(host, input.path) ?? "";
    // A member of group rkt may list pods, and not read the secrets of an environment file: what cannot be known is no change.
    return now !== input.sha256 && now !== unreadable;
  });
}

function digestOf(host: Host, path: string): string | undefined {
  try {
    const stat = host.files.tryStat(path);
    // A file that a plan is made from has at most 1 MiB: a larger one is another one.
    if (stat?.type !== "file" || stat.size > maxInput) return undefined;
    return createHash("sha256").update(host.files.read(path)).digest("hex");
  } catch (error) {
    if (errno(error) === "EACCES") return unreadable;
    throw error;
  }
}
