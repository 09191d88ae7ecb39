import { capabilityBoundingSet } from "../isolator/index.ts";
import type { AppDeclaration, PodDeclaration, Warning } from "../spec/declaration.ts";
import type { AppDescription, PodDescription } from "../pod/engine.ts";

/**
 * What an app may do beyond the default because its image says so, and no line of the pod file: the image's isolators hold, as in the
 * original, but whoever applies the pod should know. CAP_SYS_ADMIN without the default filter, for one, is as good as root on the host.
 */
export function imagePowers(declaration: PodDeclaration, pod: PodDescription): Warning[] {
  return pod.apps.flatMap((app) => {
    const declared = declaration.apps.find((candidate) => candidate.name === app.name);
    return declared === undefined ? [] : [...capabilityWarning(declared, app), ...filterWarning(declared, app)];
  });
}

function capabilityWarning(declared: AppDeclaration, app: AppDescription): Warning[] {
  if (isDeclared(declared, /^os\/linux\/capabilities-/)) return [];
  const usual = new Set(capabilityBoundingSet([]));
  const more = capabilityBoundingSet(app.isolators).filter((capability) => !usual.has(capability));
  if (more.length === 0) return [];
  return [warningAt(declared, `App "${app.name}" gets ${more.join(", ")} because its image says so; CapabilityRetain= decides instead`)];
}

function filterWarning(declared: AppDeclaration, app: AppDescription): Warning[] {
  if (isDeclared(declared, /^os\/linux\/seccomp-/) || !app.isolators.some(({ name }) => name.startsWith("os/linux/seccomp-"))) return [];
  return [
    warningAt(declared, `App "${app.name}" runs under its image's own list of system calls, not the default one; Seccomp= decides instead`),
  ];
}

function isDeclared(declared: AppDeclaration, pattern: RegExp): boolean {
  return declared.isolators.some(({ name }) => pattern.test(name));
}

function warningAt(declared: AppDeclaration, message: string): Warning {
  return { ...declared.origin, message };
}
