import { attachedDirectory, unitsOf } from "../../apply/settle.ts";
import { listNamedPods } from "../../pod/named.ts";
import type { Context } from "../context.ts";
import { declarationsOf } from "../declarations.ts";
import { dirsOf } from "../pod-view.ts";

/** The declaration's files, then the units made from them, each headed by its path, as `systemctl cat` does. */
export async function run(context: Context, [name = ""]: readonly string[]): Promise<number> {
  const found = declarationsOf(context, [name]);
  const pod = listNamedPods(context.host, dirsOf(context)).find((candidate) => candidate.name === name);
  const [problem] = found.problems;
  if (problem !== undefined && pod === undefined) throw problem.error;
  const parts = found.declarations.flatMap((source) => source.files).map((file) => part(file.path, file.text));
  if (pod?.commit.generation !== undefined) {
    for (const unit of unitsOf(context.host, dirsOf(context), pod)) {
      const path = /^rkt-proxy@|\.socket$/.test(unit) ? `${attachedDirectory}/${unit}` : `${attachedDirectory}/${unit}.d/50-rkt.conf`;
      parts.push(part(path, context.host.files.tryReadText(path) ?? ""));
    }
  }
  context.stdout.write(parts.join("\n"));
  return 0;
}

function part(path: string, text: string): string {
  return `# ${path}\n${text.endsWith("\n") || text === "" ? text : `${text}\n`}`;
}
