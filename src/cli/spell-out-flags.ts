import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { OptionDeclaration } from "./declaration.ts";

/**
 * Gives every long flag its value: `--full` becomes `--full=true`, `--full=0` becomes `--full=false`. The original's
 * flags take a value only behind `=`, which commander has no word for. Values of other options, and what follows `--`
 * (or the first operand, where that ends the options), stay as they are.
 */
export function spellOutFlags(options: readonly OptionDeclaration[], words: readonly string[], stopAtArgument: boolean): string[] {
  const spelled: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--" || (stopAtArgument && !isOption(word))) return [...spelled, ...words.slice(index)];
    const option = findOption(options, word);
    spelled.push(option === undefined ? word : spellOut(option, word));
    if (option === undefined || !takesNextWord(option, word)) continue;
    index += 1;
    const value = words[index];
    if (value !== undefined) spelled.push(value);
  }
  return spelled;
}

function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

function findOption(options: readonly OptionDeclaration[], word: string): OptionDeclaration | undefined {
  if (word.startsWith("--")) {
    const [name] = word.slice(2).split("=", 1);
    return options.find((option) => option.name === name);
  }
  return options.find((option) => option.short !== undefined && word === `-${option.short}`);
}

function spellOut(option: OptionDeclaration, word: string): string {
  if (!word.startsWith("--") || (option.kind !== "flag" && option.kind !== "optional")) return word;
  const equals = word.indexOf("=");
  if (equals < 0) return `${word}=true`;
  if (option.kind === "optional") return word;
  const value = parseFlag(word.slice(equals + 1));
  if (value !== undefined) return `${word.slice(0, equals)}=${value}`;
  throw new RktError("usage", `Cannot use ${quoteText(word)}: the value is neither true nor false`);
}

function takesNextWord(option: OptionDeclaration, word: string): boolean {
  return option.kind !== "flag" && option.kind !== "optional" && !word.includes("=");
}

/** What a flag's value means; Go's spellings, which the original accepted. */
export function parseFlag(text: string): "true" | "false" | undefined {
  if (["true", "1", "t", "TRUE", "True", "T"].includes(text)) return "true";
  if (["false", "0", "f", "FALSE", "False", "F"].includes(text)) return "false";
  return undefined;
}
