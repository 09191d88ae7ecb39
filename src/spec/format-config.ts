import { type Said, settingsOf } from "./merge-config.ts";
import type { MachineSetting, Setting } from "./setting.ts";

/** A configuration as `rkt config` prints it: one object per domain and registry, one for paths, one for stage1 and one for kvm, each as a file has it. */
export function formatConfig(config: readonly Said[]): { readonly stage0: readonly Readonly<Record<string, unknown>>[] } {
  const paths = settingsOf(config, "paths").map(({ setting }) => [setting.field, setting.path] as const);
  const stage1 = settingsOf(config, "stage1").flatMap(({ setting }): (readonly [string, string])[] =>
    setting.field === "name" ? [["name", setting.name] as const, ["version", setting.version]] : [["location", setting.location]],
  );
  const machine = Object.fromEntries(settingsOf(config, "kvm").map(({ setting }) => [setting.field, valueOf(setting)] as const));
  return {
    stage0: [
      ...settingsOf(config, "auth")
        .map(({ setting }) => setting)
        .toSorted((a, b) => compare(a.domain, b.domain))
        .map(({ domain, auth }) => shape("auth", { domains: [domain], ...auth })),
      ...settingsOf(config, "dockerAuth")
        .map(({ setting }) => setting)
        .toSorted((a, b) => compare(a.registry, b.registry))
        .map(({ registry, credentials }) => shape("dockerAuth", { registries: [registry], credentials })),
      ...(paths.length === 0 ? [] : [shape("paths", Object.fromEntries(paths.toSorted(([a], [b]) => compare(a, b))))]),
      ...(stage1.length === 0 ? [] : [shape("stage1", Object.fromEntries(stage1))]),
      ...(Object.keys(machine).length === 0 ? [] : [shape("kvm", machine)]),
    ],
  };
}

function valueOf(setting: MachineSetting): readonly string[] | boolean | string {
  return setting.field === "hypervisors" ? setting.names : setting.field === "emulation" ? setting.allowed : setting.kernel;
}

function shape(rktKind: Setting["kind"], fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { rktVersion: "v1", rktKind, ...fields };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
