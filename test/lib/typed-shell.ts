import { randomBytes } from "node:crypto";
import type { TestHost } from "./host.ts";

/** An interactive shell at a terminal of the host, with the set-up that its package brings, in which lines are typed and completed. */
export interface TypedShell extends Disposable {
  /** Types the line, has the shell put all completions of its last word in; returns the whole line then. */
  complete(line: string): Promise<string>;
}

/** Key that completes with everything, key that prints the line and clears it. */
const ALL = "\u001d";
const SHOW = "\u0007";
const LIMIT_MS = 20_000;

const setups: Readonly<Record<"bash" | "zsh", { readonly argv: string; readonly lines: readonly string[] }>> = {
  bash: {
    argv: "bash --noprofile --norc -i",
    lines: [
      ". /usr/share/bash-completion/bash_completion",
      `bind '"\\C-]": insert-completions'`,
      `show() { printf '\\nMARK[%s]\\n' "$READLINE_LINE"; READLINE_LINE=; }`,
      `bind -x '"\\C-g": show'`,
    ],
  },
  zsh: {
    argv: "zsh -f -i",
    lines: [
      "autoload -U compinit; compinit -u -d /tmp/zcompdump",
      `all() { _main_complete; compstate[insert]=all; compstate[list]=; }; zle -C all complete-word all; bindkey '^]' all`,
      `show() { print -r -- "MARK[$BUFFER]"; BUFFER=; }; zle -N show; bindkey '^G' show`,
    ],
  },
};

export async function openTypedShell(host: TestHost, kind: "bash" | "zsh"): Promise<TypedShell> {
  const { argv, lines } = setups[kind];
  const child = host.spawn(["script", "--quiet", "--return", "--command", argv, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: "/root",
    env: { TERM: "dumb", HOME: "/root", PATH: "/usr/sbin:/usr/bin:/sbin:/bin", PS1: "> " },
  });
  let output = "";
  child.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const type = async (text: string, pattern: RegExp): Promise<string> => {
    output = "";
    child.stdin?.write(text);
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const found = pattern.exec(output);
      if (found !== null) return found[1] ?? "";
      if (Date.now() > deadline) throw new Error(`${kind} did not answer ${JSON.stringify(text)}: ${JSON.stringify(output)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const ready = randomBytes(4).toString("hex");
  for (const [index, line] of lines.entries())
    await type(`${line}; echo ${ready}$((${index} + 1))\n`, new RegExp(`^${ready}${index + 1}`, "m"));
  return {
    complete: (line) => type(`${line}${ALL}${SHOW}`, new RegExp(`MARK\\[([^]*?)\\]\\r?\\n`)),
    [Symbol.dispose]: () => void child.stdin?.end(),
  };
}
