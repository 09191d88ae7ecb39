"use strict";
/**
 * node rehearse.cjs ENTRY [ARG…]: runs the door, or without arguments loads all of its parts, and at the end writes code caches of the
 * files that are worth it (code-cache.ts).
 */
const { readdirSync, statSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");

/** Smaller ones are compiled in the time that it takes to open another file. */
const worthIt = 16 * 1024;

const [entry, ...words] = process.argv.splice(1, process.argv.length, "rkt").slice(1);
process.argv.push(...words);
const { load, parts, scripts } = require(entry);

function writeCaches() {
  for (const [file, script] of scripts) {
    const path = join(parts, file);
    if (statSync(path).size >= worthIt) writeFileSync(`${path}.cache`, script.createCachedData());
  }
}

const exit = process.exit;
process.exit = (status) => {
  writeCaches();
  exit(status);
};
if (words.length > 0) load(`./${basename(entry, ".cjs")}.js`);
else {
  for (const name of readdirSync(parts).toSorted()) if (name.startsWith("part-") && name.endsWith(".js")) load(`./${name}`);
  process.exit(0);
}
