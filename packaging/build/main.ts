/**
 * npm run package [-- OPTION…]
 *
 * Makes .build/rkt_VERSION_amd64.deb and prints its path. Instant when nothing it is made of has changed.
 *   --fast              no compression, for development
 *   --version=V         another version than package.json's
 *   --define=NAME=JSON  replaces a global name in the bundle; for tests of upgrades
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { packDeb } from "./deb.ts";
import { hashInputs } from "./inputs.ts";
import { buildAddons } from "./native.ts";
import { BUILD, ROOT } from "./paths.ts";
import { stage } from "./stage.ts";

export interface BuildRequest {
  readonly fast: boolean;
  readonly version: string;
  readonly defines: Readonly<Record<string, string>>;
}

function parseRequest(argv: readonly string[]): BuildRequest {
  const described = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
  const request = { fast: false, version: described.version, defines: {} as Record<string, string> };
  for (const option of argv) {
    const [name, value = "", content = ""] = option.split("=");
    if (option === "--fast") request.fast = true;
    else if (name === "--version") request.version = value;
    else if (name === "--define") request.defines[value] = content;
    else throw new Error(`Cannot understand option "${option}"`);
  }
  return request;
}

/** One build at a time: a second one waits, and then finds the result of the first. */
function holdLock(): boolean {
  if (process.env["RKT_BUILD_LOCKED"] !== undefined) return true;
  mkdirSync(BUILD, { recursive: true });
  const env = { ...process.env, RKT_BUILD_LOCKED: "1" };
  const argv = [join(BUILD, "lock"), process.execPath, ...process.argv.slice(1)];
  process.exitCode = spawnSync("flock", argv, { stdio: "inherit", env }).status ?? 1;
  return false;
}

async function build(request: BuildRequest): Promise<string> {
  const name = `rkt_${request.version}_amd64.deb`;
  const cached = join(BUILD, "packages", hashInputs(request), name);
  if (!existsSync(cached)) {
    const started = Date.now();
    process.stderr.write(`package: building ${name}${request.fast ? " (fast)" : ""} …\n`);
    buildAddons();
    const bundled = await bundle(request);
    const tree = stage(bundled, request);
    dropOld(join(BUILD, "packages"));
    mkdirSync(join(cached, ".."), { recursive: true });
    packDeb(tree, `${cached}.new`, request);
    renameSync(`${cached}.new`, cached);
    process.stderr.write(`package: done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  }
  if (request.fast || Object.keys(request.defines).length > 0) return cached;
  const result = join(BUILD, name);
  copyFileSync(cached, result);
  return result;
}

/** Every change of the sources makes another package of a hundred megabytes. */
function dropOld(parent: string): void {
  for (const name of globSync("*", { cwd: parent })) {
    if (Date.now() - statSync(join(parent, name)).mtimeMs > 3 * 3600_000) rmSync(join(parent, name), { recursive: true });
  }
}

if (holdLock()) process.stdout.write(`${await build(parseRequest(process.argv.slice(2)))}\n`);
