import type { PodDescription } from "./engine.ts";

type Sysctl = PodDescription["sysctls"][number];

/**
 * Kernel parameters by who sets them: the pod itself, or its start. A network namespace that is made before the pod belongs to the host's
 * user namespace, and the root of a pod with private users may not change what is in it.
 */
export function sysctlsOf({ users, network, sysctls }: PodDescription): {
  readonly inside: readonly Sysctl[];
  readonly outside: readonly Sysctl[];
} {
  const isOutside = ({ name }: Sysctl): boolean => users !== undefined && network.kind === "namespace" && name.startsWith("net.");
  return { inside: sysctls.filter((item) => !isOutside(item)), outside: sysctls.filter(isOutside) };
}
