import type { CompletedOption, Entry } from "./tree.ts";
import { podDirectories } from "./tree.ts";

/** Lines for fish: a condition for each command. */
export function formatFish(entries: readonly Entry[]): string {
  return `# fish completion for rkt; made from the declarations of its commands
function __rkt_name
    set -l name
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        contains -- (string join ' ' $name $word) $__rkt_names; and set -a name $word
    end
    string join ' ' $name
end
function __rkt_at
    test (__rkt_name) = "$argv[1]"
end
function __rkt_pods
    for file in ${podDirectories.map((directory) => `${directory}/*.pod`).join(" ")}
        basename $file .pod
    end
end
set -g __rkt_names ${entries
    .filter((entry) => entry.name !== "")
    .map((entry) => quote(entry.name))
    .join(" ")}
complete -c rkt -f
${entries.flatMap(formatEntry).join("\n")}
`;
}

function formatEntry(entry: Entry): string[] {
  const at = `complete -c rkt -n ${quote(`__rkt_at ${quote(entry.name)}`)}`;
  const children = entry.children.map((child) => `${at} -a ${child.name} -d ${quote(child.summary)}`);
  const operands = entry.operands === "pods" ? [`${at} -a '(__rkt_pods)'`] : entry.operands === "files" ? [`${at} -F`] : [];
  return [...children, ...operands, ...entry.options.map((option) => `${at} ${formatOption(option)}`)];
}

function formatOption(option: CompletedOption): string {
  const names = option.names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const values = option.choices.length > 0 ? [`-x -a ${quote(option.choices.join(" "))}`] : option.takesValue ? ["-r"] : [];
  return [...names, ...values, `-d ${quote(option.description)}`].join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
