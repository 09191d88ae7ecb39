import { stage1Annotations, stage1Interface } from "../../src/spec/stage1-manifest.ts";
import type { Flavor } from "./contents.ts";

const engines: Readonly<Record<Flavor, string>> = { coreos: "nspawn", kvm: "kvm", fly: "fly" };

/** As the original named its images. */
export function manifestOf(flavor: Flavor, version: string): object {
  const arch = process.arch === "arm64" ? "aarch64" : "amd64";
  return {
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: `coreos.com/rkt/stage1-${flavor}`,
    labels: Object.entries({ version, arch, os: "linux" }).map(([name, value]) => ({ name, value })),
    annotations: [
      { name: stage1Annotations.engine, value: engines[flavor] },
      { name: stage1Annotations.version, value: String(stage1Interface) },
    ],
  };
}
