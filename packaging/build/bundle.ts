import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, transform, type Metafile, type Plugin } from "esbuild";
import type { BuildRequest } from "./main.ts";
import { BUILD, ROOT } from "./paths.ts";

export interface Bundle {
  /** Directory with one file per door of src/bin, and a directory of the parts they load. */
  readonly directory: string;
  /** Names of the npm packages that are in it. */
  readonly packages: readonly string[];
}

/** Imported lazily, and needed by so many commands that it belongs to the core. */
const CORE = ["src/host/node-host.ts", "src/cli/run/list.ts"];

/**
 * Bundles the doors. What is imported lazily becomes a part of its own, and what several parts share is in one part, once:
 * `instanceof` and module state hold across them. esbuild splits only ESM, and CommonJS starts 15 ms earlier, so the parts
 * are made as ESM and then translated one by one. Parts that every command needs are joined in one file: fifty files cost 10 ms.
 * The directory of the parts is named after their content (entry.cjs).
 */
export async function bundle(request: BuildRequest): Promise<Bundle> {
  const directory = join(BUILD, "cli");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const result = await build({
    entryPoints: listDoors(),
    absWorkingDir: ROOT,
    outdir: directory,
    chunkNames: "part-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["main"],
    // Names stay: errors and stack traces show them, and esbuild's own way to keep them costs a call for each function at the start.
    minifySyntax: true,
    minifyWhitespace: true,
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
    plugins: [loadAddonsFromPackage, loadProcessesLate, replaceManifest(request.version)],
    logLevel: "warning",
  });
  const core = listCore(result.metafile);
  const joined: string[] = [];
  const files = new Map<string, string>();
  for (const file of result.outputFiles) {
    const name = basename(file.path);
    const part = `function(exports,require,module,__dirname,__filename){${await translate(file.text)}}`;
    if (core.has(name)) joined.push(`${JSON.stringify(`./${name}`)}:${part}`);
    else files.set(name, `(${part})`);
  }
  files.set("core.js", `({${joined.join(",")}})`);
  writeParts(directory, files);
  return { directory, packages: namePackages(Object.keys(result.metafile.inputs)) };
}

function writeParts(directory: string, files: ReadonlyMap<string, string>): void {
  const sum = createHash("sha256");
  for (const [name, text] of files) sum.update(JSON.stringify([name, text]));
  const parts = sum.digest("hex").slice(0, 16);
  mkdirSync(join(directory, parts));
  for (const [name, text] of files) writeFileSync(join(directory, parts, name), text);
  const entry = readFileSync(join(ROOT, "packaging/build/entry.cjs"), "utf8").replace("@PARTS@", parts);
  for (const door of listDoors()) writeFileSync(join(directory, `${basename(door, ".ts")}.cjs`), entry);
}

/** Names of the parts that the doors and what CORE names import, directly or through others. */
function listCore({ outputs }: Metafile): ReadonlySet<string> {
  const entries = new Set([...listDoors(), ...CORE]);
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: target, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) visit(target);
    }
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint !== undefined && entries.has(entryPoint)) visit(path);
  return new Set([...found].map((path) => basename(path)));
}

/** Files of src/bin that export nothing: the others are parts of doors. */
function listDoors(): string[] {
  const files = globSync("src/bin/*.ts", { cwd: ROOT }).toSorted();
  return files.filter((file) => !/^export /m.test(readFileSync(join(ROOT, file), "utf8")));
}

async function translate(text: string): Promise<string> {
  const banner = text.includes("__moduleUrl") ? 'const __moduleUrl=require("node:url").pathToFileURL(__filename).href;' : "";
  // Without import() in the result every part is found by require(), which costs a quarter of Node's ESM loader.
  const supported = { "dynamic-import": false };
  const translated = await transform(text, {
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    target: "node24",
    platform: "node",
    supported,
  });
  // The entry reads parts as one byte a character, which is what V8 keeps; esbuild escapes strings, but no regular expressions.
  const foreign = /\P{ASCII}/u.exec(translated.code);
  if (foreign !== null)
    throw new Error(`A part of the bundle is not ASCII: ${translated.code.slice(Math.max(0, foreign.index - 30), foreign.index + 30)}`);
  return `"use strict";${banner}${useModulesAsTheyAre(translated.code)}`;
}

/** esbuild copies a module that is imported whole, in case somebody wants its default: a copy of node:fs takes 0.2 ms, and six files want one. */
function useModulesAsTheyAre(code: string): string {
  return code.replaceAll(/\b(\w+)=__toESM\(require\("(node:[\w/]+)"\)\)/g, (whole, name: string, module: string) =>
    code.includes(`${name}.default`) ? whole : `${name}=require("${module}")`,
  );
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

/** commander wants it for commands that are programs of their own, which rkt has none of; with it come streams and sockets, 4 ms. */
const loadProcessesLate: Plugin = {
  name: "commander",
  setup(hooks) {
    hooks.onLoad({ filter: /commander\/lib\/command\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = text.replace(
        /^import childProcess from 'node:child_process';$/m,
        "const childProcess = { spawn: (...words) => process.getBuiltinModule('node:child_process').spawn(...words) };",
      );
      if (contents === text) throw new Error(`Cannot find in ${path} what loads child_process`);
      return { contents, loader: "js" };
    });
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
