import type { Entry } from "./tree.ts";
import { podDirectories } from "./tree.ts";

/** A script for bash-completion: one line for each command, then what reads them. */
export function formatBash(entries: readonly Entry[]): string {
  return `# bash completion for rkt; made from the declarations of its commands
_rkt_words() {
    case "$1" in
${entries.map(formatEntry).join("\n")}
    esac
}
_rkt_values() {
    case "$1" in
${formatChoices(entries)}
    esac
}
_rkt_pods() {
    local file
    for file in ${podDirectories.map((directory) => `${directory}/*.pod`).join(" ")}; do
        [ -e "$file" ] || continue
        file=\${file##*/}
        echo "\${file%.pod}"
    done
}
_rkt() {
    local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} name= word index words
    if [ "$current" = "=" ]; then
        current=
    elif [ "$previous" = "=" ]; then
        previous=\${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=\${COMP_WORDS[index]}
        case "$word" in -*) continue ;; esac
        if [ -n "$(_rkt_words "\${name:+$name }$word")" ]; then
            name="\${name:+$name }$word"
        fi
    done
    words=$(_rkt_values "$name $previous")
    if [ -z "$words" ]; then
        words=$(_rkt_words "$name")
        case "$words" in
            *@pods*) words="\${words/@pods/} $(_rkt_pods)" ;;
            *@files*) words=\${words/@files/}; [[ $current == -* ]] || compopt -o default ;;
        esac
        case "$current" in
            -*) ;;
            *) words=$(printf '%s\\n' $words | grep -v '^-') ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _rkt rkt
`;
}

function formatEntry(entry: Entry): string {
  const operands = entry.operands === "none" ? [] : [`@${entry.operands}`];
  const options = entry.options.flatMap((option) =>
    option.names.map((name) => (option.takesValue && name.startsWith("--") ? `${name}=` : name)),
  );
  return `        "${entry.name}") echo "${[...entry.children.map((child) => child.name), ...operands, ...options].join(" ")}" ;;`;
}

function formatChoices(entries: readonly Entry[]): string {
  const lines = entries.flatMap((entry) =>
    entry.options
      .filter((option) => option.choices.length > 0)
      .map((option) => `        "${entry.name} ${option.names.at(-1)}") echo "${option.choices.join(" ")}" ;;`),
  );
  return lines.join("\n");
}
