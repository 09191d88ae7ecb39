import { capabilityBoundingSet } from "../isolator/index.ts";
import type { AppDeclaration, PodDeclaration, Warning } from "../spec/declaration.ts";
import type { AppDescription, PodDescription } from "../pod/engine.ts";

/**
 * What whoever applies a pod should know of its images: a program that cannot be executed, and what an app may do beyond the default because its image says so, and no line of the pod file: the image's isolators hold, as in the
 * original. CAP_SYS_ADMIN without the default filter, for one, is as good as root on the host.
 */
export function imagePowers(declaration: PodDeclaration, pod: PodDescription): Warning[] {
  return pod.apps.flatMap((app) => {
    const declared = declaration.apps.find((candidate) => candidate.name === app.name);
    return declared === undefined
      ? []
      : [...faultWarning(declared, app), ...capabilityWarning(declared, app), ...filterWarning(declared, app)];
  });
}

function faultWarning(declared: AppDeclaration, { name, fault }: AppDescription): Warning[] {
  return fault === undefined ? [] : [warningAt(declared, `App "${name}" will not start: ${fault}`)];
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
