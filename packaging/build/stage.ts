import { chmodSync, copyFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Bundle } from "./bundle.ts";
import { writeCodeCaches } from "./code-cache.ts";
import { composeChangelog } from "./changelog.ts";
import { composeCopyright } from "./copyright.ts";
import type { BuildRequest } from "./main.ts";
import { FLY, GUEST, listNativeFiles, run } from "./native.ts";
import { BUILD, EPOCH, NODE_PACKAGE, ROOT } from "./paths.ts";

/** Sources by pattern → directory of the host. A pattern without files is fine. */
const FILES: readonly { readonly from: string; readonly to: string; readonly mode?: number; readonly gzip?: true }[] = [
  { from: "packaging/bin/*", to: "usr/bin", mode: 0o755 },
  { from: "units/host/*.{service,socket,path,timer,target,slice}", to: "usr/lib/systemd/system" },
  { from: "units/libexec/*", to: "usr/lib/rkt", mode: 0o755 },
  { from: "packaging/sysusers/*.conf", to: "usr/lib/sysusers.d" },
  { from: "packaging/tmpfiles/*.conf", to: "usr/lib/tmpfiles.d" },
  { from: "packaging/sysctl/*.conf", to: "usr/lib/sysctl.d" },
  { from: "packaging/preset/*.preset", to: "usr/lib/systemd/system-preset" },
  { from: "packaging/catalog/*.catalog", to: "usr/lib/systemd/catalog" },
  { from: "packaging/schema/*.json", to: "usr/share/rkt/schema" },
  { from: "{packaging,.build}/man/*.1", to: "usr/share/man/man1", gzip: true },
  { from: "{packaging,.build}/man/*.5", to: "usr/share/man/man5", gzip: true },
  { from: "{packaging,.build}/man/*.8", to: "usr/share/man/man8", gzip: true },
  { from: ".build/completion/rkt", to: "usr/share/bash-completion/completions" },
  { from: ".build/completion/_rkt", to: "usr/share/zsh/vendor-completions" },
  { from: ".build/completion/rkt.fish", to: "usr/share/fish/vendor_completions.d" },
];

/** The administrator's own directories: made by the package, kept by purge as long as something is in them. */
const CONFIGURATION = ["etc/rkt/pods.d", "etc/rkt/trustedkeys/prefix.d", "etc/rkt/trustedkeys/root.d"];

/** Made from the commands' declarations, into the build directory. */
const GENERATED = ["man", "completion"];

/** Lays the installed tree out below a directory and returns that. */
export function stage(bundle: Bundle, request: BuildRequest): string {
  const tree = join(BUILD, "stage");
  rmSync(tree, { recursive: true, force: true });
  for (const kind of GENERATED) {
    rmSync(join(BUILD, kind), { recursive: true, force: true });
    run(process.execPath, [join(ROOT, "packaging", kind, "generate.ts"), join(BUILD, kind)]);
  }
  for (const directory of CONFIGURATION) mkdirSync(join(tree, directory), { recursive: true, mode: 0o755 });
  for (const file of FILES) installAll(tree, file);
  const lib = join(tree, "usr/lib/rkt");
  mkdirSync(join(lib, "bin"), { recursive: true });
  cpSync(bundle.directory, join(lib, "cli"), { recursive: true });
  mkdirSync(join(lib, "native"), { recursive: true });
  for (const [name, from] of Object.entries(listNativeFiles())) install(from, join(lib, "native", name), 0o644);
  run("strip", ["--strip-unneeded", ...globSync(join(lib, "native/*.node"))]);
  install(FLY, join(lib, "fly"), 0o755);
  install(GUEST, join(lib, "guest"), 0o755);
  run("strip", ["--strip-unneeded", join(lib, "fly"), join(lib, "guest")]);
  install(stripNode(), join(lib, "bin/node"), 0o755);
  writeCodeCaches(join(lib, "cli"));
  for (const [kind, to] of Object.entries({ stage1: "stage1/units", guest: "stage1/guest" }))
    cpSync(join(ROOT, "units", kind), join(lib, to), { recursive: true, filter: (path) => basename(path) !== "README.md" });
  const documents = join(tree, "usr/share/doc/rkt");
  mkdirSync(documents, { recursive: true });
  writeFileSync(join(documents, "copyright"), composeCopyright(bundle.packages));
  const changes = composeChangelog(readFileSync(join(ROOT, "packaging/CHANGELOG.md"), "utf8"), new Date(EPOCH * 1000));
  writeFileSync(join(documents, "changelog.gz"), gzipSync(changes, { level: 9 }));
  writeFileSync(join(lib, "version"), `${request.version}\n`);
  return tree;
}

function installAll(tree: string, file: (typeof FILES)[number]): void {
  for (const path of globSync(file.from, { cwd: ROOT }).toSorted()) {
    if (basename(path) === "README.md") continue;
    mkdirSync(join(tree, file.to), { recursive: true });
    const target = join(tree, file.to, basename(path));
    if (file.gzip === true) writeFileSync(`${target}.gz`, gzipSync(readFileSync(join(ROOT, path)), { level: 9 }));
    else install(join(ROOT, path), target, file.mode ?? 0o644);
  }
}

function install(from: string, to: string, mode: number): void {
  copyFileSync(from, to);
  chmodSync(to, mode);
}

/** Without its symbol table Node is a sixth smaller; kept from build to build. */
function stripNode(): string {
  const version = JSON.parse(readFileSync(join(NODE_PACKAGE, "package.json"), "utf8")) as { readonly version: string };
  const stripped = join(BUILD, `node-${version.version}-stripped`);
  if (!existsSync(stripped)) run("strip", ["--strip-unneeded", "-o", stripped, join(NODE_PACKAGE, "bin/node")]);
  return stripped;
}
