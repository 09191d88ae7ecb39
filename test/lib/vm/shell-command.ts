import type { SpawnOptions } from "node:child_process";

/** A line for the shell of a login that runs the program, with these variables besides a login's own, and gives its status back. */
export function shellCommand(argv: readonly string[], { env = {}, cwd = "/" }: SpawnOptions): string {
  const variables = Object.entries({ LANG: "C.UTF-8", ...env }).map(([name, value]) => `${name}=${quote(value ?? "")}`);
  const command = [...variables, ...argv.map(quote)].join(" ");
  // Not the shell's last command, which it would become: then ssh would tell of a signal, as 255. And the shell would tell too.
  return `cd ${quote(String(cwd))} || exit; exec 9>&2 2>/dev/null; ${command} 2>&9 9>&-; exit $?`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
