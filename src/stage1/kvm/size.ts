import type { AppDescription, PodDescription } from "../../pod/engine.ts";
import { parseIsolators } from "../../spec/isolators.ts";

const MIB = 1 << 20;
/** What the guest's kernel, systemd and journal take. What an app writes to its root is charged to the app. */
const base = 80 * MIB;
/** For the apps that may have any memory, together. */
const unlimited = 176 * MIB;

/** Memory and processors of the machine: what its apps may have, and what is needed besides. */
export function machineSize(pod: PodDescription): { readonly memory: number; readonly cpus: number } {
  const limits = pod.apps.map(memoryLimit);
  const sum = limits.reduce<number>((total, limit) => total + (limit ?? 0), 0);
  const memory = base + sum + (limits.includes(undefined) ? unlimited : 0);
  return { memory: Math.ceil(memory / MIB) * MIB, cpus: Math.max(1, ...pod.apps.map(processors)) };
}

function memoryLimit({ isolators }: AppDescription): number | undefined {
  const isolator = parseIsolators(isolators).find(({ name }) => name === "resource/memory");
  return isolator?.name === "resource/memory" ? isolator.limit : undefined;
}

/** Thousandths of one, rounded up. */
function processors({ isolators }: AppDescription): number {
  const isolator = parseIsolators(isolators).find(({ name }) => name === "resource/cpu");
  return isolator?.name === "resource/cpu" && isolator.limit !== undefined ? Math.ceil(isolator.limit / 1000) : 1;
}
