import type { CompletedOption, Entry } from "./tree.ts";
import { podDirectories } from "./tree.ts";

/** A function for zsh's completion system. */
export function formatZsh(entries: readonly Entry[]): string {
  return `#compdef rkt
# made from the declarations of rkt's commands
_rkt_pods() {
  local -a pods
  pods=(${podDirectories.map((directory) => `${directory}/*.pod(N:t:r)`).join(" ")})
  _describe 'pod' pods
}
_rkt() {
  local name= word candidate index
  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    [[ $word == -* ]] && continue
    candidate="\${name:+$name }$word"
    (( $_rkt_names[(Ie)$candidate] )) && name=$candidate
  done
  local -a commands
  case $name in
${entries.map(formatEntry).join("\n")}
  esac
}
local -a _rkt_names
_rkt_names=(${entries
    .filter((entry) => entry.name !== "")
    .map((entry) => `'${entry.name}'`)
    .join(" ")})
_rkt "$@"
`;
}

function formatEntry(entry: Entry): string {
  const children = entry.children.map((child) => quote(`${child.name}:${child.summary.replaceAll(":", "\\:")}`));
  const describe =
    children.length === 0 ? [] : [`commands=(${children.join(" ")})`, `[[ $words[CURRENT] == -* ]] || _describe 'command' commands`];
  const operands = entry.operands === "pods" ? [quote("*:pod:_rkt_pods")] : entry.operands === "files" ? [quote("*:file:_files")] : [];
  const specs = [...entry.options.flatMap(formatOption), ...operands];
  return [`    ${quote(entry.name)})`, ...[...describe, `_arguments ${specs.join(" ")}`].map((line) => `      ${line}`), "      ;;"].join(
    "\n",
  );
}

function formatOption(option: CompletedOption): string[] {
  const text = option.description.replace(/[[\]:\\]/g, (character) => `\\${character}`);
  const value = option.choices.length > 0 ? `:value:(${option.choices.join(" ")})` : ":value:_files";
  return option.names.map((name) => {
    if (!option.takesValue) return quote(`${name}[${text}]`);
    return quote(`${name}${name.startsWith("--") ? "=" : "+"}[${text}]${value}`);
  });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
