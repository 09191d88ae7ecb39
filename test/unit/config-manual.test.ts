import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { escapeRoff } from "../../packaging/man/roff.ts";
import { parseConfig } from "../../src/spec/parse-config.ts";
import { CONFIG_DIRECTORIES, CONFIG_FIELDS, type ConfigDirectory, CREDENTIAL_FIELDS, type Setting } from "../../src/spec/setting.ts";

const manual = readFileSync(join(import.meta.dirname, "../../packaging/man/rkt-config.5"), "utf8");
/** The examples, as a reader types them. */
const examples = [...manual.matchAll(/^\.nf\n(\{\n[^]*?)\n\.fi$/gm)].map(([, text = ""]) => text.replaceAll("\\-", "-"));

test("rkt-config(5) holds every field that the parser knows, in the section of its kind", () => {
  for (const [kind, fields] of Object.entries(CONFIG_FIELDS)) {
    const section = manual.split(/^\.SH /m).find((text) => text.split("\n")[0]?.endsWith(`KIND ${kind.toUpperCase()}"`)) ?? "";
    const credentials = kind === "auth" ? Object.values(CREDENTIAL_FIELDS).flat() : [];
    const missing = [...fields, ...credentials].filter((field) => !section.includes(`\\fB${escapeRoff(field)}\\fR`));
    assert.deepEqual(missing, [], kind);
  }
});

test("rkt-config(5) has an example of each kind and each type of auth, and each is read", () => {
  const seen = examples.flatMap((text) => {
    const kind = (JSON.parse(text) as { readonly rktKind: Setting["kind"] }).rktKind;
    const [directory] = (Object.keys(CONFIG_DIRECTORIES) as ConfigDirectory[]).filter((name) =>
      (CONFIG_DIRECTORIES[name] as readonly string[]).includes(kind),
    );
    return parseConfig(text, "example.json", directory ?? "auth.d");
  });
  assert.deepEqual(new Set(seen.map(({ kind }) => kind)), new Set(Object.keys(CONFIG_FIELDS)));
  const types = seen.flatMap((setting) => (setting.kind === "auth" ? [setting.auth.type] : []));
  assert.deepEqual(new Set(types), new Set(Object.keys(CREDENTIAL_FIELDS)));
});
