import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BuildRequest } from "./main.ts";
import { ROOT } from "./paths.ts";

const INPUTS = ["src/**/*", "machined/**/*", "units/**/*", "packaging/**/*", "package-lock.json", "package.json"];

/** Changes with every file that the package is made of, and with how it is asked for. */
export function hashInputs(request: BuildRequest): string {
  const sum = createHash("sha256").update(JSON.stringify(request));
  for (const path of globSync(INPUTS, { cwd: ROOT }).toSorted()) {
    const status = statSync(join(ROOT, path));
    if (status.isFile()) sum.update(`\0${path}\0${status.mode}\0`).update(readFileSync(join(ROOT, path)));
  }
  return sum.digest("hex").slice(0, 16);
}
