import { fishEngine } from "./fish-engine.ts";
import { quoteForFish as quote } from "./quote.ts";
import type { CompletedOption, Entry } from "./tree.ts";

/** A script for fish: four tables, then what reads them. */
export function formatFish(entries: readonly Entry[]): string {
  const children = entries.filter((entry) => entry.children.length > 0);
  const operands = entries.filter((entry) => entry.operands.length > 0);
  return `# fish completion for rkt; made from the declarations of its commands
set -g __rkt_names ${entries
    .filter((entry) => entry.name !== "")
    .map((entry) => quote(entry.name))
    .join(" ")}
set -g __rkt_stops ${entries
    .filter((entry) => entry.stops)
    .map((entry) => quote(entry.name))
    .join(" ")}

${table(
  "subcommands",
  children.map((entry) => [entry.name, entry.children.map((child) => `${child.name}\t${child.summary}`)]),
)}
${table(
  "options",
  entries.map((entry) => [entry.name, entry.options.flatMap(spell)]),
)}
${table(
  "operands",
  operands.map((entry) => [entry.name, entry.operands]),
)}
function __rkt_value
    switch "$argv[1]"
${formatValues(entries).join("\n")}
    end
end
${fishEngine}`;
}

/** A function that prints lines by name of a command. */
function table(name: string, rows: readonly (readonly [string, readonly string[]])[]): string {
  const cases = rows.flatMap(([command, lines]) => [
    `    case ${quote(command)}`,
    `        printf '%s\\n' ${lines.map((line) => quote(line)).join(" ")}`,
  ]);
  return `function __rkt_${name}\n    switch "$argv[1]"\n${cases.join("\n")}\n    end\nend\n`;
}

function spell({ name, short, takesNext, description }: CompletedOption): string[] {
  const long = `--${name}${takesNext ? "=" : ""}\t${description}`;
  return short === undefined ? [long] : [`-${short}\t${description}`, long];
}

/** "=" first where the value stands behind "=" only. */
function formatValues(entries: readonly Entry[]): string[] {
  const cases = entries.flatMap((entry) =>
    entry.options
      .filter((option) => option.hasValue)
      .map((option) => {
        const names = [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])];
        const patterns = names.map((name) => quote(option.global ? `* ${name}` : `${entry.name} ${name}`));
        return `    case ${patterns.join(" ")}\n        echo ${quote(`${option.takesNext ? "" : "="}${option.value}`)}`;
      }),
  );
  return [...new Set(cases)];
}
