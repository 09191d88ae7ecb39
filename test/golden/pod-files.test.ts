import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RktError } from "../../src/base/error.ts";
import { parsePodName } from "../../src/base/id.ts";
import { readDeclarationText } from "../../src/spec/parse-declaration.ts";
import { refuseUnsupported } from "../../src/spec/unsupported.ts";

/**
 * Each file of pod-files/ is a case. Its comments that begin with `#!` say what has to come of it, completely:
 * `#! problem TEXT`, `#! warning TEXT`, `#! refused TEXT` (with ` | HINT` where there is one), in order,
 * and `#! value PATH JSON` for values that matter. Drop-ins lie in NAME.pod.d.
 */
const DIRECTORY = join(import.meta.dirname, "pod-files");

for (const file of readdirSync(DIRECTORY).filter((name) => name.endsWith(".pod"))) {
  test(`pod file ${file}`, () => {
    const files = [file, ...listDropIns(file)].map((path) => ({ path, text: readFileSync(join(DIRECTORY, path), "utf8") }));
    const result = readDeclarationText(parsePodName(file.slice(0, -4)), files);
    const refused = result.declaration === undefined ? [] : refuseUnsupported(result.declaration);
    const expected = expectations(files[0]?.text ?? "");
    const told = [
      ...result.problems.map((problem) => `problem ${tell(problem)}`),
      ...result.warnings.map(
        (warning) => `warning ${warning.path}:${warning.line}: ${warning.message}${warning.hint === undefined ? "" : ` | ${warning.hint}`}`,
      ),
      ...refused.map((problem) => `refused ${tell(problem)}`),
    ];
    const values = expected.filter((line) => line.startsWith("value "));
    assert.deepEqual(
      told,
      expected.filter((line) => !line.startsWith("value ")),
    );
    for (const line of values) {
      const [, path = "", json = ""] = /^value (\S+) (.*)$/.exec(line) ?? [];
      assert.deepEqual(withoutOrigins(valueAt(result.declaration, path)), JSON.parse(json), path);
    }
  });
}

function listDropIns(file: string): string[] {
  const names = readdirSync(DIRECTORY).includes(`${file}.d`) ? readdirSync(join(DIRECTORY, `${file}.d`)) : [];
  return names.toSorted().map((name) => `${file}.d/${name}`);
}

function expectations(text: string): string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("#! ") ? [line.slice(3)] : []));
}

function tell(error: RktError): string {
  return error.hint === undefined ? error.message : `${error.message} | ${error.hint}`;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

/** Where a value stands is not compared: that is what the problems' lines show. */
function withoutOrigins(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOrigins);
  if (typeof value !== "object" || value === null) return value;
  const isOrigin = (key: string, item: unknown): boolean =>
    key === "origin" || key === "line" || (key === "path" && /\.(pod|conf)$/.test(String(item)));
  const entries = Object.entries(value).filter(([key, item]) => !isOrigin(key, item));
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutOrigins(item)]));
}
