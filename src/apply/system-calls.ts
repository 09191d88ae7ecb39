import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { Isolator } from "../spec/appc.ts";
import type { PodDeclaration, Warning } from "../spec/declaration.ts";
import { ERROR_NAMES } from "../spec/error-names.ts";
import { parseIsolator } from "../spec/isolators.ts";

/** Names that an app's filter of system calls has and this host's systemd does not know: it would pass over them without a word. */
export function unknownCalls(isolators: readonly Isolator[], known: () => ReadonlySet<string> | undefined): string[] {
  const named = filtersOf(isolators).flatMap(({ set }) => set.filter((call) => !call.startsWith("@")));
  const calls = named.length === 0 ? undefined : known();
  return calls === undefined ? [] : named.filter((call) => !calls.has(call));
}

/** Refuses a filter of which nothing would be left, and an error that is none; throws `seccomp-unknown`. */
export function assertFilters(isolators: readonly Isolator[], known: () => ReadonlySet<string> | undefined): void {
  for (const { errno } of filtersOf(isolators)) {
    if (errno !== undefined && !ERROR_NAMES.includes(errno))
      throw new RktError("seccomp-unknown", `Cannot use ${quoteText(errno)} for a filter of system calls: there is no such error`, {
        hint: "errno(3) lists them, EPERM among them",
      });
  }
  const forbidding = isolators.filter(({ name }) => name === "os/linux/seccomp-remove-set");
  const removed = filtersOf(forbidding).flatMap(({ set }) => set);
  // Of a group something is left.
  if (removed.length === 0 || removed.some((call) => call.startsWith("@"))) return;
  const unknown = unknownCalls(forbidding, known);
  if (unknown.length < removed.length) return;
  throw new RktError(
    "seccomp-unknown",
    `Cannot forbid ${unknown.map((call) => quoteText(call)).join(", ")}: systemd knows no such system call`,
    {
      hint: `"systemd-analyze syscall-filter @known" lists those that it knows`,
    },
  );
}

/** Of the host's systemd; undefined where it cannot be asked. */
export function knownCalls({ programs }: Host): ReadonlySet<string> | undefined {
  try {
    const { stdout } = programs.run(["systemd-analyze", "syscall-filter", "--no-pager", "@known", "@obsolete"], {
      env: { SYSTEMD_COLORS: "0" },
    });
    const calls = new Set(
      stdout
        .toString()
        .match(/^ +[a-z0-9_]+$/gm)
        ?.map((line) => line.trim()),
    );
    return calls.size === 0 ? undefined : calls;
  } catch {
    return undefined;
  }
}

/** Of each app that declares a filter: what of it has no effect here. */
export function callWarnings({ apps }: PodDeclaration, known: () => ReadonlySet<string> | undefined): Warning[] {
  return apps.flatMap(({ name, isolators, origin }) => {
    const unknown = unknownCalls(isolators, known);
    if (unknown.length === 0) return [];
    const calls = unknown.map((call) => quoteText(call)).join(", ");
    return [
      { ...origin, message: `The filter of app ${quoteText(name)} goes without ${calls}: this host's systemd knows no such system call` },
    ];
  });
}

function filtersOf(isolators: readonly Isolator[]) {
  return isolators.flatMap((isolator) => {
    const parsed = isolator.name.startsWith("os/linux/seccomp-") ? parseIsolator(isolator) : undefined;
    return parsed?.name === "os/linux/seccomp-retain-set" || parsed?.name === "os/linux/seccomp-remove-set" ? [parsed] : [];
  });
}
