import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Setting } from "./setting.ts";

/** A setting, and the file that says it. */
export interface Said<S extends Setting = Setting> {
  readonly setting: S;
  readonly path: string;
}

/**
 * The settings that count. Levels come lowest first, a later one overrides key by key; two of one key in one level have no
 * order, so that is `config-twice`.
 */
export function mergeConfig(levels: readonly (readonly Said[])[]): readonly Said[] {
  const merged = new Map<string, Said>();
  for (const level of levels) {
    const own = new Map<string, Said>();
    for (const said of level) {
      const key = keyOf(said.setting);
      const first = own.get(key);
      if (first !== undefined) throw twice(key, first.path, said.path);
      own.set(key, said);
    }
    for (const [key, said] of own) merged.set(key, said);
  }
  return [...merged.values()];
}

/** Those of one kind. */
export function settingsOf<K extends Setting["kind"]>(config: readonly Said[], kind: K): Said<Extract<Setting, { readonly kind: K }>>[] {
  return config.filter((said): said is Said<Extract<Setting, { readonly kind: K }>> => said.setting.kind === kind);
}

/** What a setting is about, as sentences name it. */
function keyOf(setting: Setting): string {
  switch (setting.kind) {
    case "auth":
      return `auth for ${quoteText(setting.domain)}`;
    case "dockerAuth":
      return `dockerAuth for ${quoteText(setting.registry)}`;
    case "paths":
      return `path ${quoteText(setting.field)}`;
    case "stage1":
      return setting.field === "name" ? `"name" and "version" of stage1` : `"location" of stage1`;
    case "kvm":
      return `${quoteText(setting.field)} of kvm`;
  }
}

function twice(key: string, first: string, second: string): RktError {
  const where = first === second ? "said twice in it" : `said in ${quoteText(first)} too`;
  return new RktError("config-twice", `Cannot use ${quoteText(second)}: ${key} is ${where}`, {
    hint: "Within one directory each value stands once; /etc/rkt overrides /usr/lib/rkt, and --user-config both",
  });
}
