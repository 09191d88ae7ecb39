import { chmodSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { BuildRequest } from "./main.ts";
import { run } from "./native.ts";
import { EPOCH, ROOT } from "./paths.ts";

const SCRIPTS = ["postinst", "prerm", "postrm"];

/** Packs the tree. Its times are one date, so equal inputs make equal files. */
export function packDeb(tree: string, output: string, request: BuildRequest): void {
  const control = join(tree, "DEBIAN");
  mkdirSync(control);
  const size = run("du", ["--summarize", "--block-size=1K", "--apparent-size", tree]).split("\t")[0] ?? "0";
  const template = readFileSync(join(ROOT, "packaging/debian/control"), "utf8");
  writeFileSync(join(control, "control"), template.replace("@VERSION@", request.version).replace("@SIZE@", size));
  const { enabled, optional } = listInstallableUnits(tree);
  for (const name of SCRIPTS) {
    const script = readFileSync(join(ROOT, "packaging/debian", name), "utf8")
      .replaceAll("@UNITS@", enabled.join(" "))
      .replaceAll("@OPTIONAL@", optional.join(" "));
    writeFileSync(join(control, name), script);
    chmodSync(join(control, name), 0o755);
  }
  const compression = request.fast ? ["-Znone"] : ["-Zxz", "-z6"];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH) };
  run("dpkg-deb", ["--root-owner-group", ...compression, "--build", tree, output], { env });
}

/** Those of our units that say where they want to be enabled and are no templates; our presets name what an administrator enables. */
function listInstallableUnits(tree: string): { readonly enabled: readonly string[]; readonly optional: readonly string[] } {
  const units = globSync(join(tree, "usr/lib/systemd/system/*"))
    .filter((path) => !path.includes("@.") && /^\[Install\]$/m.test(readFileSync(path, "utf8")))
    .map((path) => basename(path))
    .toSorted();
  const presets = globSync(join(tree, "usr/lib/systemd/system-preset/*.preset")).map((path) => readFileSync(path, "utf8"));
  const disabled = presets.flatMap((text) => [...text.matchAll(/^disable (\S+)$/gm)].map(([, unit = ""]) => unit));
  const unknown = disabled.filter((unit) => !units.includes(unit));
  if (unknown.length > 0) throw new Error(`Cannot build: the presets disable ${unknown.join(", ")}, which is no unit to enable`);
  return { enabled: units.filter((unit) => !disabled.includes(unit)), optional: disabled };
}
