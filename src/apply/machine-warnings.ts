import type { PodDescription } from "../pod/engine.ts";
import type { PodDeclaration, Warning } from "../spec/declaration.ts";

/** What a pod's virtual machine does differently on this host, said where the pod's file chooses it. */
export function machineWarnings({ name, paths, pod: { stage1Origin } }: PodDeclaration, { virtualMachine }: PodDescription): Warning[] {
  const origin = stage1Origin ?? { path: paths[0] ?? name, line: 1 };
  return (virtualMachine?.warnings ?? []).map((message) => ({ ...origin, message }));
}
