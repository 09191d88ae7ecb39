/** `node packaging/man/generate.ts OUTDIR`: writes rkt.1 and one page for each command, from the commands' declarations. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCommand } from "../../src/cli/command/index.ts";
import { version } from "../../src/cli/version.ts";
import { formatPages } from "./pages.ts";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: node generate.ts OUTDIR");
mkdirSync(directory, { recursive: true });
for (const page of formatPages(rootCommand, version)) writeFileSync(join(directory, page.file), page.text);
