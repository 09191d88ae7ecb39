import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { OptionDeclaration } from "./declaration.ts";
import type { OptionValues } from "./options.ts";

/** Checks what was given (name → values as typed, in order) against the declarations. Throws `usage`. */
export function readOptions(declarations: readonly OptionDeclaration[], given: ReadonlyMap<string, readonly string[]>): OptionValues {
  const known = new Map(declarations.map((option) => [option.name, option]));
  for (const [name, values] of given) checkOption(declarationOf(known, name), values);
  const valuesOf = (name: string): readonly string[] => {
    const { fallback } = declarationOf(known, name);
    return given.get(name) ?? (fallback === undefined ? [] : [fallback]);
  };
  return {
    flag: (name) => valuesOf(name).at(-1) === "true",
    text: (name) => valuesOf(name).at(-1),
    list: (name) => {
      const values = valuesOf(name);
      if (declarationOf(known, name).kind !== "list") return values;
      return values.flatMap((value) => value.split(",")).filter((value) => value !== "");
    },
    given: (name) => declarationOf(known, name) !== undefined && given.has(name),
  };
}

function checkOption(option: OptionDeclaration, values: readonly string[]): void {
  if (option.refused !== undefined) {
    throw new RktError("option-refused", `Cannot use --${option.name}: ${option.refused}`);
  }
  for (const value of values) {
    if (option.choices === undefined || option.choices.includes(value)) continue;
    throw new RktError("usage", `Cannot use --${option.name}=${quoteText(value)}: it is none of its values`, {
      hint: `It takes ${option.choices.join(", ")}`,
    });
  }
}

function declarationOf(known: ReadonlyMap<string, OptionDeclaration>, name: string): OptionDeclaration {
  const option = known.get(name);
  if (option === undefined) throw new Error(`No option "${name}" is declared`);
  return option;
}
