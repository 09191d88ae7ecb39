import { quote } from "./quote.ts";
import type { CompletedOption, Entry } from "./tree.ts";
import { zshEngine } from "./zsh-engine.ts";

/** A function for zsh's completion system: two tables, then what reads them. */
export function formatZsh(entries: readonly Entry[]): string {
  return `#compdef rkt
# made from the declarations of rkt's commands

# Sets subcommands, flags, valued, operands and stops of a command, or fails.
_rkt_about() {
  subcommands=() flags=() valued=() operands=() stops=
  case $1 in
${entries.map(formatEntry).join("\n")}
  *) return 1 ;;
  esac
}

# Sets what the value of an option may be, empty for one that takes none.
_rkt_value() {
  case $1 in
${formatValues(entries).join("\n")}
  *) value= ;;
  esac
}
${zshEngine}`;
}

function formatEntry({ name, children, options, operands, stops }: Entry): string {
  const lists = {
    subcommands: children.map((child) => describe(child.name, child.summary)),
    flags: options.filter((option) => !option.takesNext).flatMap(spell),
    valued: options.filter((option) => option.takesNext).flatMap(spell),
    operands: operands.map(quote),
  };
  const parts = Object.entries(lists).flatMap(([list, words]) => (words.length === 0 ? [] : [`    ${list}=(${words.join(" ")})`]));
  return [`  ${quote(name)})`, ...parts, ...(stops ? ["    stops=1"] : []), "    ;;"].join("\n");
}

function spell({ name, short, takesNext, description }: CompletedOption): string[] {
  const long = describe(takesNext ? `--${name}=` : `--${name}`, description);
  return short === undefined ? [long] : [describe(`-${short}`, description), long];
}

function describe(word: string, text: string): string {
  return quote(`${word}:${text.replaceAll("\\", "\\\\").replaceAll(":", "\\:")}`);
}

/** "=" first where the value stands behind "=" only. */
function formatValues(entries: readonly Entry[]): string[] {
  const lines = entries.flatMap((entry) =>
    entry.options
      .filter((option) => option.hasValue)
      .map((option) => {
        const names = [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])];
        const patterns = names.map((name) => (option.global ? `*${quote(` ${name}`)}` : quote(`${entry.name} ${name}`)));
        return `  ${patterns.join(" | ")}) value=${quote(`${option.takesNext ? "" : "="}${option.value}`)} ;;`;
      }),
  );
  return [...new Set(lines)];
}
