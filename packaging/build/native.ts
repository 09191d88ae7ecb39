import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { BUILD, NODE_PACKAGE, ROOT } from "./paths.ts";

/** The oldest C library that a supported host has (Debian 12). */
const GLIBC = [2, 36] as const;

const ADDONS: Readonly<Record<string, string>> = {
  "rktsys.node": join(BUILD, "native/rktsys.node"),
  "journal_send.node": join(ROOT, "node_modules/systemd-journald/build/Release/journal_send.node"),
  "uwrap.node": join(ROOT, "node_modules/usocket/build/Release/uwrap.node"),
};

/** The fly engine's program. */
export const FLY = join(BUILD, "native/fly");

/** The kvm engine's program in its guests, which has no other library there. */
export const GUEST = join(BUILD, "native/guest");

export function buildAddons(): void {
  run("sh", [join(ROOT, "packaging/native/build.sh")]);
}

/** File name in the package → where it is; none of them needs more than the oldest host has. */
export function listNativeFiles(): Readonly<Record<string, string>> {
  for (const path of [...Object.values(ADDONS), FLY, join(NODE_PACKAGE, "bin/node")]) checkGlibc(path);
  return ADDONS;
}

function checkGlibc(path: string): void {
  const symbols = run("objdump", ["-T", path]);
  for (const [, major, minor] of symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)) {
    if (Number(major) > GLIBC[0] || (Number(major) === GLIBC[0] && Number(minor) > GLIBC[1])) {
      throw new Error(`Cannot package ${path}: it needs GLIBC_${major}.${minor}, the oldest supported host has ${GLIBC.join(".")}`);
    }
  }
}

export function run(program: string, argv: readonly string[], options: { readonly env?: NodeJS.ProcessEnv } = {}): string {
  const result = spawnSync(program, argv, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 1 << 30,
    env: options.env ?? process.env,
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0)
    throw new Error(`Cannot build: ${program} ${argv.join(" ")} ended with ${result.status}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}
