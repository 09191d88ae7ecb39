import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_PACKAGE } from "./paths.ts";
import { writeSamplePods } from "./sample-pods.ts";

/** First all parts are loaded, then these command lines run, which need nothing of a host: their functions are compiled ahead, too. */
const REHEARSED: readonly (readonly string[])[] = [[], ["list"]];

/**
 * Writes V8's code cache beside each file of the installed command that is worth one: with it a start neither parses nor compiles. The
 * Node that is packaged makes them, since a cache is good for one version only.
 */
export function writeCodeCaches(directory: string): void {
  const data = mkdtempSync(join(tmpdir(), "rkt-rehearsal-"));
  try {
    writeSamplePods(data);
    for (const words of REHEARSED) {
      const script = join(import.meta.dirname, "rehearse.cjs");
      // With one seed, equal files give equal caches.
      const argv = ["--random-seed=1", script, join(directory, "rkt.cjs"), ...(words.length === 0 ? [] : [`--dir=${data}`, ...words])];
      const result = spawnSync(join(NODE_PACKAGE, "bin/node"), argv, { encoding: "utf8", env: {} });
      if (result.status !== 0) throw new Error(`Cannot rehearse "rkt ${words.join(" ")}": ${result.stderr}`);
    }
  } finally {
    rmSync(data, { recursive: true });
  }
}
