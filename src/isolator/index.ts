import type { Isolator } from "../spec/appc.ts";
import { parseIsolators } from "../spec/isolators.ts";
import type { EntryInput } from "../unit/unit-file.ts";
import { boundingSet, capabilities } from "./capabilities.ts";
import { cpu } from "./cpu.ts";
import { cpuShares } from "./cpu-shares.ts";
import type { IsolatorMapping } from "./mapping.ts";
import { memory } from "./memory.ts";
import { noNewPrivileges } from "./no-new-privileges.ts";
import { oomScoreAdj } from "./oom-score-adj.ts";
import { seccomp } from "./seccomp.ts";

/** Every family of isolators that becomes lines of an app's unit. */
export const isolatorMappings: readonly IsolatorMapping[] = [capabilities, noNewPrivileges, seccomp, memory, cpu, cpuShares, oomScoreAdj];

/** Lines for [Service]: an app's isolators, and what holds where it has none. Throws for values that are none, or contradict. */
export function isolatorDirectives(isolators: readonly Isolator[]): EntryInput[] {
  const parsed = parseIsolators(isolators);
  return isolatorMappings.flatMap((mapping) => mapping.directives(parsed.find((isolator) => mapping.names.includes(isolator.name))));
}

/** Names of isolators that no mapping reads. */
export function unmappedIsolators(isolators: readonly Isolator[]): string[] {
  const known = new Set<string>(isolatorMappings.flatMap((mapping) => mapping.names));
  return isolators.map((isolator) => isolator.name).filter((name) => !known.has(name));
}

/** The capabilities that an app with these isolators may have at most. */
export function capabilityBoundingSet(isolators: readonly Isolator[]): readonly string[] {
  return boundingSet(parseIsolators(isolators).find((isolator) => capabilities.names.includes(isolator.name)));
}
