import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Context } from "../context.ts";

/** Where the package installs them. */
const scripts: Readonly<Record<string, string>> = {
  bash: "/usr/share/bash-completion/completions/rkt",
  zsh: "/usr/share/zsh/vendor-completions/_rkt",
  fish: "/usr/share/fish/vendor_completions.d/rkt.fish",
};

export async function run(context: Context, [shell = ""]: readonly string[]): Promise<number> {
  const path = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (path === undefined) {
    throw new RktError("usage", `Cannot print completion for ${quoteText(shell)}: there is none`, {
      hint: `Use ${Object.keys(scripts).join(", ")}`,
    });
  }
  const text = context.host.files.tryReadText(path);
  if (text === undefined) {
    throw new RktError("completion-missing", `Cannot print completion for ${shell}: ${quoteText(path)} is missing`, {
      hint: "Install the package of rkt anew",
    });
  }
  context.stdout.write(text);
  return 0;
}
