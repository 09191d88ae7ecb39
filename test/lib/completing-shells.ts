import type { TestHost } from "./host.ts";
import { openTypedShell } from "./typed-shell.ts";

/** Packages of the shells that rkt has completion for. */
export const SHELL_PACKAGES = ["bash-completion", "fish", "zsh"];
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type ShellName = (typeof SHELLS)[number];

/** What the shell, with its own completion and the installed script, offers for the last word of a line: whole words, sorted. */
export interface CompletingShell extends Disposable {
  offers(line: string): Promise<string[]>;
}

export async function openCompletingShell(host: TestHost, name: ShellName): Promise<CompletingShell> {
  if (name === "fish") return { offers: (line) => askFish(host, line), [Symbol.dispose]: () => undefined };
  const shell = await openTypedShell(host, name);
  return {
    offers: async (line) => wordsBehind(line, await shell.complete(line)),
    [Symbol.dispose]: () => shell[Symbol.dispose](),
  };
}

async function askFish(host: TestHost, line: string): Promise<string[]> {
  const { stdout } = await host.run(["fish", "-c", "complete -C $LINE"], { cwd: "/root", env: { HOME: "/root", LINE: line } });
  const lines = stdout.split("\n").filter((text) => text !== "");
  return lines.map((text) => withoutSlash(text.split("\t", 1)[0] ?? "")).toSorted();
}

/** bash and zsh put the words into the line; bash only what stands behind "=" or ":" of the word that was begun. */
function wordsBehind(line: string, completed: string): string[] {
  const begun = line.slice(line.lastIndexOf(" ") + 1);
  const before = line.slice(0, line.length - begun.length);
  if (completed === line) return [];
  const words = completed.slice(before.length).trim().split(/ +/);
  const head = begun.replace(/[^=:]*$/, "");
  return words.map((word) => withoutSlash(word.startsWith(head) ? word : head + word)).toSorted();
}

/** Of a directory, which not every shell writes at once. */
function withoutSlash(word: string): string {
  return word.replace(/\/$/, "");
}
