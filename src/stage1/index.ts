import type { Host } from "../host/host.ts";
import type { Engine } from "../pod/engine.ts";
import { createFlyEngine } from "./fly/engine.ts";
import { createNspawnEngine } from "./nspawn/engine.ts";
import type { StaticUnits } from "./tree/skeleton.ts";

/** Every engine of this build. */
export function loadEngines(host: Host): readonly Engine[] {
  return [createNspawnEngine(readUnits(host, unitsDirectory(host))), createFlyEngine()];
}

/** Of the units that are copied into each pod: installed beside the bundle, or `units/stage1` of a checkout. */
function unitsDirectory(host: Host): string {
  const here = typeof __dirname === "string" ? __dirname : import.meta.dirname;
  return [`${here}/../stage1/units`, `${here}/../../units/stage1`].find((path) => host.files.exists(path)) ?? `${here}/../stage1/units`;
}

function readUnits(host: Host, directory: string): StaticUnits {
  const names = host.files.list(directory).filter((name) => /\.(service|socket|target|mount)$/.test(name));
  return new Map(names.map((name) => [name, host.files.readText(`${directory}/${name}`)]));
}
