import { bashEngine } from "./bash-engine.ts";
import type { Entry } from "./tree.ts";

/** A script for bash, with or without bash-completion: two tables, then what reads them. */
export function formatBash(entries: readonly Entry[]): string {
  return `# bash completion for rkt; made from the declarations of its commands

# Sets subcommands, options, operands and stops of a command, or fails.
_rkt_about() {
    subcommands= options= operands= stops=
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
${bashEngine}`;
}

function formatEntry({ name, children, options, operands, stops }: Entry): string {
  const words = options.flatMap((option) => [
    ...(option.short === undefined ? [] : [`-${option.short}`]),
    option.takesNext ? `--${option.name}=` : `--${option.name}`,
  ]);
  const parts = [
    ...(children.length === 0 ? [] : [`subcommands='${children.map((child) => child.name).join(" ")}'`]),
    `options='${words.join(" ")}'`,
    ...(operands.length === 0 ? [] : [`operands='${operands.join(" ")}'`]),
    ...(stops ? ["stops=1"] : []),
  ];
  return `    '${name}') ${parts.join(" ")} ;;`;
}

/** "@" first where the value stands behind "=" only. */
function formatValues(entries: readonly Entry[]): string[] {
  const seen = new Set<string>();
  return entries.flatMap((entry) =>
    entry.options
      .filter((option) => option.hasValue)
      .flatMap((option) => {
        const names = [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])];
        const pattern = names.map((name) => (option.global ? `*' ${name}'` : `'${entry.name} ${name}'`)).join(" | ");
        if (seen.has(pattern)) return [];
        seen.add(pattern);
        return [`    ${pattern}) value='${option.takesNext ? "" : "="}${option.value}' ;;`];
      }),
  );
}
