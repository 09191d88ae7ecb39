import type { PodName } from "../base/id.ts";
import { parsePodName } from "../base/id.ts";
import type { FoundDeclarations } from "../config/load-declarations.ts";
import { findDeclarations } from "../config/load-declarations.ts";
import { podFileDirectories } from "../config/paths.ts";
import type { Context } from "./context.ts";

/** The declarations of the named pods, or all of them. */
export function declarationsOf(context: Context, names: readonly string[]): FoundDeclarations {
  const wanted: PodName[] = names.map(parsePodName);
  const directories = podFileDirectories(context.paths);
  return findDeclarations(context.host, { directories, ...(wanted.length === 0 ? {} : { names: wanted }) });
}
