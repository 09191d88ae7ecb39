import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NODE_PACKAGE, ROOT } from "./paths.ts";

/** packaging/debian/copyright, then the licence of each npm package in the bundle and of Node, as its authors wrote it. */
export function composeCopyright(packages: readonly string[]): string {
  const own = readFileSync(join(ROOT, "packaging/debian/copyright"), "utf8");
  const node = `\n\n=== Node.js: /usr/lib/rkt/bin/node ===\n\n${readFileSync(join(NODE_PACKAGE, "LICENSE"), "utf8")}`;
  return own + packages.map(describePackage).join("") + node;
}

function describePackage(name: string): string {
  const directory = join(ROOT, "node_modules", name);
  const described = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    readonly version: string;
    readonly license?: string;
  };
  const file = globSync("{LICEN[SC]E,COPYING}*", { cwd: directory }).toSorted()[0];
  const text =
    file !== undefined && existsSync(join(directory, file))
      ? readFileSync(join(directory, file), "utf8")
      : "(the package holds no licence text)\n";
  return `\n\n=== ${name} ${described.version}: ${described.license ?? "see below"} ===\n\n${text}`;
}
