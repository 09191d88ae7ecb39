"use strict";
/**
 * What `node /usr/lib/rkt/cli/NAME.cjs` runs: the door NAME, from the parts in a directory beside it (bundle.ts). The parts that every
 * command needs lie in one file, `core.js`, the others each in their own. Beside a file may lie V8's code cache of it (code-cache.ts): with
 * that nothing is parsed or compiled again. V8 refuses a cache of another version, and then does without; but it believes a cache of any
 * source of the same length. So the directory has its name of what is in it, and an upgrade puts nothing into that of another build.
 */
const { readFileSync } = require("node:fs");
const { basename } = require("node:path");
const { Script } = require("node:vm");

const parts = `${__dirname}/@PARTS@`;
const loaded = new Map();
/** Scripts by file name, for code-cache.ts. */
const scripts = new Map();
const core = run("core.js");

function run(file) {
  const filename = `${parts}/${file}`;
  const script = new Script(readPart(filename), { filename, cachedData: readCache(`${filename}.cache`) });
  scripts.set(file, script);
  return script.runInThisContext();
}

/** One that an upgrade has taken away is missing as any module is. */
function readPart(path) {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (error.code === "ENOENT") error.code = "MODULE_NOT_FOUND";
    throw error;
  }
}

function readCache(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function load(name) {
  if (!name.startsWith("./")) return require(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const part = Object.hasOwn(core, name) ? core[name] : run(name.slice(2));
  const module = { exports: {} };
  loaded.set(name, module);
  part(module.exports, load, module, __dirname, `${parts}/${name.slice(2)}`);
  return module.exports;
}

module.exports = { load, parts, scripts };
if (require.main === module) load(`./${basename(__filename, ".cjs")}.js`);
