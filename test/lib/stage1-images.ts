import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { TestMachine } from "./machine.ts";
import type { Suite } from "./suites.ts";
import { provideTree } from "./tree.ts";

const MAKER = join(import.meta.dirname, "../../packaging/stage1/main.ts");

export interface Stage1Images {
  readonly coreos: Buffer;
  readonly fly: Buffer;
}

/** Images of stage1 from the suite's own files, made as packaging/README.md says. */
export async function makeStage1Images(suite: Suite): Promise<Stage1Images> {
  const directory = await mkdtemp(join(tmpdir(), "rkt-stage1-"));
  try {
    const words = [MAKER, `--root=${await provideTree(suite)}`, `--output=${directory}`, "--only=coreos,fly"];
    await promisify(execFile)(process.execPath, words);
    return { coreos: await readFile(join(directory, "stage1-coreos.aci")), fly: await readFile(join(directory, "stage1-fly.aci")) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Signs a file by the key of `trustPublisher`. */
export async function signImage(host: TestMachine, path: string): Promise<void> {
  await host.sh(`rm -f ${path}.asc && gpg --quiet --batch --armor --detach-sign --output ${path}.asc ${path}`);
}

/** The maker as one file, for a machine that has a kernel but not this repository. */
export async function bundleStage1Maker(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [MAKER],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
    logLevel: "error",
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
