/**
 * sh test/lib/node.sh -- packaging/stage1/main.ts [OPTION…]
 *
 * Makes the images of stage1 from a distribution's own files and prints their paths. Equal files make equal images, byte for byte.
 *   --root=DIRECTORY    tree of the distribution, with a kernel for kvm; without it this machine's /
 *   --output=DIRECTORY  where they are written; without it .build/stage1
 *   --version=V         another version than package.json's
 *   --only=FLAVOR,…     not all of coreos, kvm, fly
 *   --guest=FILE        rkt's program in virtual machines, as the package has it; without it compiled and stripped
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createHost } from "../../src/host/node-host.ts";
import { buildAddons } from "../build/native.ts";
import { BUILD, ROOT } from "../build/paths.ts";
import { packAci } from "./aci.ts";
import { contentsOf, type Flavor, flavors } from "./contents.ts";
import { manifestOf } from "./manifest.ts";

interface Request {
  root: string;
  output: string;
  version: string;
  only: readonly Flavor[];
  guest: string | undefined;
}

function parseRequest(argv: readonly string[]): Request {
  const request: Request = { root: "", output: join(BUILD, "stage1"), version: "", only: flavors, guest: undefined };
  for (const option of argv) {
    const [name, value = ""] = option.split("=");
    if (name === "--root") request.root = resolve(value) === "/" ? "" : resolve(value);
    else if (name === "--output") request.output = resolve(value);
    else if (name === "--version") request.version = value;
    else if (name === "--only") request.only = flavors.filter((flavor) => value.split(",").includes(flavor));
    else if (name === "--guest") request.guest = resolve(value);
    else throw new Error(`Cannot understand option "${option}"`);
  }
  return { ...request, version: request.version === "" ? currentVersion() : request.version };
}

function currentVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string }).version;
}

async function build(request: Request): Promise<void> {
  const host = createHost();
  if (request.only.includes("kvm") && request.guest === undefined) buildAddons();
  mkdirSync(request.output, { recursive: true });
  for (const flavor of request.only) {
    const path = join(request.output, `stage1-${flavor}.aci`);
    const manifest = manifestOf(flavor, request.version);
    const bytes = await packAci(manifest, contentsOf(host, flavor, request));
    writeFileSync(`${path}.new`, bytes);
    renameSync(`${path}.new`, path);
    process.stdout.write(`${path}\n`);
  }
}

await build(parseRequest(process.argv.slice(2)));
