import type { Host } from "../host/host.ts";
import type { Engine } from "../pod/engine.ts";
import { createFlyEngine } from "./fly/engine.ts";
import { createKvmEngines } from "./kvm/engine.ts";
import { createNspawnEngine } from "./nspawn/engine.ts";
import type { StaticUnits } from "./tree/skeleton.ts";

/** Every engine of this build. */
export function loadEngines(host: Host): readonly Engine[] {
  const pod = readUnits(host, unitsDirectory(host, "stage1"));
  return [createNspawnEngine(pod), createFlyEngine(), ...createKvmEngines({ pod, guest: readUnits(host, unitsDirectory(host, "guest")) })];
}

/** Of the units that are copied into each pod ("stage1"), or virtual machine: installed beside the bundle, or `units` of a checkout. */
function unitsDirectory(host: Host, kind: "stage1" | "guest"): string {
  const here = typeof __dirname === "string" ? __dirname : import.meta.dirname;
  const installed = `${here}/../stage1/${kind === "guest" ? kind : "units"}`;
  return [installed, `${here}/../../units/${kind}`].find((path) => host.files.exists(path)) ?? installed;
}

function readUnits(host: Host, directory: string): StaticUnits {
  const names = host.files.list(directory).filter((name) => /\.(service|socket|target|mount)$/.test(name));
  return new Map(names.map((name) => [name, host.files.readText(`${directory}/${name}`)]));
}
