import type { Context } from "../context.ts";
import { appcVersion } from "../version.ts";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64" };

export async function run(context: Context): Promise<number> {
  const lines = [
    `rkt Version: ${context.version}`,
    `appc Version: ${appcVersion}`,
    `Node Version: ${process.version}`,
    `Node OS/Arch: ${process.platform}/${ARCHITECTURES[process.arch] ?? process.arch}`,
    "Features: -TPM +SDJOURNAL",
  ];
  context.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
