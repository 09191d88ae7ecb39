import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, transform, type Plugin } from "esbuild";
import type { BuildRequest } from "./main.ts";
import { BUILD, ROOT } from "./paths.ts";

export interface Bundle {
  /** Directory with one file per door of src/bin, and the parts they load. */
  readonly directory: string;
  /** Names of the npm packages that are in it. */
  readonly packages: readonly string[];
}

/**
 * Bundles the doors. What is imported lazily becomes a file of its own, and what several files share is in one file, once:
 * `instanceof` and module state hold across them. esbuild splits only ESM, and CommonJS starts 15 ms earlier, so the parts
 * are made as ESM and then translated one by one.
 */
export async function bundle(request: BuildRequest): Promise<Bundle> {
  const directory = join(BUILD, "cli");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const result = await build({
    entryPoints: listDoors(),
    absWorkingDir: ROOT,
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    chunkNames: "part-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["main"],
    minify: true,
    keepNames: true,
    treeShaking: true,
    metafile: true,
    write: false,
    legalComments: "none",
    define: {
      "import.meta.url": "__moduleUrl",
      "import.meta.dirname": "__dirname",
      ...request.defines,
    },
    external: ["x11"],
    plugins: [loadAddonsFromPackage, replaceManifest(request.version)],
    logLevel: "warning",
  });
  for (const file of result.outputFiles) {
    writeFileSync(join(directory, basename(file.path)), await translate(file.text, !basename(file.path).startsWith("part-")));
  }
  return { directory, packages: namePackages(Object.keys(result.metafile.inputs)) };
}

/** Files of src/bin that export nothing: the others are parts of doors. */
function listDoors(): string[] {
  const files = globSync("src/bin/*.ts", { cwd: ROOT }).toSorted();
  return files.filter((file) => !/^export /m.test(readFileSync(join(ROOT, file), "utf8")));
}

/** What a door, unlike a module of CommonJS, may do: await at top level. Its imports stay outside. */
const IMPORTS = /^(?:import(?:[^;"]*from)?"[^"]+";)*/;

async function translate(text: string, isDoor: boolean): Promise<string> {
  const banner = text.includes("__moduleUrl") ? 'const __moduleUrl=require("node:url").pathToFileURL(__filename).href;' : "";
  const imports = isDoor ? (IMPORTS.exec(text)?.[0] ?? "") : "";
  const source = isDoor ? `${imports}(async()=>{${text.slice(imports.length)}})();` : text;
  // Without import() in the result every part is found by require(), which costs a quarter of Node's ESM loader.
  const supported = { "dynamic-import": false };
  const translated = await transform(source, { format: "cjs", minify: true, target: "node24", platform: "node", supported });
  return `"use strict";${banner}${translated.code}`;
}

/** The packages look for their addons in node_modules; in the package they lie in one place. */
const loadAddonsFromPackage: Plugin = {
  name: "addons",
  setup(hooks) {
    const load = (name: string): string => `module.exports = require(require("node:path").join(__dirname, "../native/${name}.node"));`;
    hooks.onResolve({ filter: /^bindings$/ }, () => ({ path: "bindings", namespace: "addons" }));
    hooks.onResolve({ filter: /\.node$/ }, (request) => ({ path: basename(request.path, ".node"), namespace: "addons" }));
    hooks.onLoad({ filter: /.*/, namespace: "addons" }, ({ path }) => ({
      contents:
        path === "bindings"
          ? `module.exports = (name) => require(require("node:path").join(__dirname, "../native/" + name + ".node"));`
          : load(path),
    }));
  },
};

/** rkt reads its version from package.json, of which the rest is of no use to it. */
function replaceManifest(version: string): Plugin {
  return {
    name: "manifest",
    setup(hooks) {
      hooks.onLoad({ filter: /package\.json$/ }, ({ path }) =>
        path === join(ROOT, "package.json") ? { contents: JSON.stringify({ version }), loader: "json" } : undefined,
      );
    },
  };
}

function namePackages(inputs: readonly string[]): readonly string[] {
  const names = inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}
