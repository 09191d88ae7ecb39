import { isolatorMappings } from "../../isolator/index.ts";
import type { Isolator } from "../../spec/appc.ts";
import { parseIsolators } from "../../spec/isolators.ts";
import type { EntryInput } from "../../unit/unit-file.ts";

const capabilitySets: readonly string[] = ["os/linux/capabilities-retain-set", "os/linux/capabilities-remove-set"];

/** A filter on the unit would hold for the mounts that make the app's root, too. */
export const refusedIsolators: readonly string[] = ["os/linux/seccomp-retain-set", "os/linux/seccomp-remove-set"];

/** The lines for the unit of what is said. Where nothing is said nothing holds: the app has the host's privileges. */
export function isolatorLines(isolators: readonly Isolator[]): EntryInput[] {
  const parsed = parseIsolators(isolators);
  return isolatorMappings.flatMap((mapping) => {
    const isolator = parsed.find((candidate) => mapping.names.includes(candidate.name));
    return isolator === undefined || isOurs(isolator.name) ? [] : mapping.directives(isolator);
  });
}

export function limitsCapabilities(isolators: readonly Isolator[]): boolean {
  return isolators.some((isolator) => capabilitySets.includes(isolator.name));
}

/** The program that makes the root drops them, when it needs them no more. */
function isOurs(name: string): boolean {
  return capabilitySets.includes(name) || refusedIsolators.includes(name);
}
