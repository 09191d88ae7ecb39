/** `node packaging/completion/generate.ts OUTDIR`: writes rkt (bash), _rkt (zsh) and rkt.fish. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCommand } from "../../src/cli/command/index.ts";
import { formatBash } from "./bash.ts";
import { formatFish } from "./fish.ts";
import { listEntries } from "./tree.ts";
import { formatZsh } from "./zsh.ts";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: node generate.ts OUTDIR");
const entries = listEntries(rootCommand);
const scripts = { rkt: formatBash(entries), _rkt: formatZsh(entries), "rkt.fish": formatFish(entries) };
mkdirSync(directory, { recursive: true });
for (const [file, text] of Object.entries(scripts)) writeFileSync(join(directory, file), text);
