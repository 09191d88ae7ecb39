import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { rootCommand } from "../../src/cli/command/index.ts";
import type { CommandDeclaration } from "../../src/cli/declaration.ts";
import { resolveCommand } from "../../src/cli/resolve.ts";
import type { Result } from "./run.ts";

/** Source of what the package installs in /usr/share/rkt/schema. */
export const SCHEMAS = join(import.meta.dirname, "../../packaging/schema");

const schemas: Readonly<Record<string, object>> = Object.fromEntries(
  readdirSync(SCHEMAS)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [file.slice(0, -".json".length), JSON.parse(readFileSync(join(SCHEMAS, file), "utf8")) as object]),
);

export const schemaNames: readonly string[] = Object.keys(schemas);

let ajv: Ajv2020 | undefined;

/** Compiled when first asked for; the schemas' own mistakes throw. */
export function validatorOf(name: string): ValidateFunction {
  ajv ??= new Ajv2020({ strict: true, allErrors: true, schemas: Object.values(schemas) });
  const validate = ajv.getSchema(`file:///usr/share/rkt/schema/${name}.json`);
  if (validate === undefined) throw new Error(`There is no schema "${name}"`);
  return validate;
}

/** Throws unless the text is one JSON document of that schema. */
export function checkDocument(name: string, text: string): void {
  const validate = validatorOf(name);
  if (validate(JSON.parse(text))) return;
  const mistakes = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  throw new Error(`Not what ${name}.json says:\n${mistakes.join("\n")}\n${text}`);
}

/** The schema of what `rkt WORDS…` prints; undefined where it prints no JSON, or no command is meant. */
export function schemaOf(words: readonly string[]): string | undefined {
  let command: CommandDeclaration | undefined;
  try {
    command = resolveCommand(rootCommand, words).path.at(-1);
  } catch {
    return undefined;
  }
  if (command?.schema === undefined || words.some((word) => word === "--help" || word === "-h")) return undefined;
  const hasFormat = (command.options ?? []).some((option) => option.name === "format");
  const asked = words.some(
    (word, index) => /^(--format=)?json(-pretty)?$/.test(word) && (word.startsWith("--") || words[index - 1] === "--format"),
  );
  return asked || !hasFormat ? command.schema : undefined;
}

/** Checks what one call of rkt printed, if it was JSON. */
export function checkRkt(words: readonly string[], { status, stdout }: Pick<Result, "status" | "stdout">): void {
  const name = schemaOf(words);
  if (name !== undefined && (status === 0 || stdout !== "")) checkDocument(name, stdout);
}
