import { type AcName, parseAcName } from "../base/id.ts";
import { quoteText } from "../base/escape.ts";
import { parseByteSize } from "../base/quantity.ts";
import type { PodVolume } from "./appc.ts";
import { parseAbsolutePath, parseBoolean, parseChoice, parseInteger, valueError } from "./values.ts";

/** What `Volume=` and `--volume` say. */
export interface VolumeSpec extends PodVolume {
  readonly unsafe?: boolean;
}

/** What `Mount=` and `--mount` say. */
export interface MountSpec {
  readonly volume: AcName;
  readonly path: string;
  readonly readOnly?: boolean;
}

const HOST_OPTIONS = ["source", "readOnly", "recursive", "idmap", "unsafe"];
const OWNER_OPTIONS = ["readOnly", "mode", "uid", "gid"];
const OPTIONS: Readonly<Record<PodVolume["kind"], readonly string[]>> = {
  host: HOST_OPTIONS,
  empty: OWNER_OPTIONS,
  state: OWNER_OPTIONS,
  tmpfs: [...OWNER_OPTIONS, "size"],
};

/** `NAME,kind=host,source=/x,readOnly=true`: the original's `--volume` with kinds `state` and `tmpfs` added. `fields`: as quotes split it. Throws `value-invalid`. */
export function parseVolume(text: string, fields: readonly string[] = text.split(",")): VolumeSpec {
  const [name = "", ...rest] = fields;
  const options = parseOptions(rest, text);
  const kind = parseChoice(options.get("kind") ?? "", ["host", "empty", "state", "tmpfs"]);
  const allowed = OPTIONS[kind];
  for (const key of options.keys()) {
    if (key !== "kind" && !allowed.includes(key))
      throw valueError(`Cannot use "${key}=" with a volume of kind "${kind}"`, `Known are ${quoteList(allowed)}`);
  }
  if (kind === "host" && !options.has("source")) throw valueError(`Volume ${quoteText(name)} of kind "host" needs "source="`);
  return { name: parseAcName(name), kind, ...readOptions(options) };
}

/** `volume=NAME,target=/path[,readOnly=true]`: the original's `--mount`. Throws `value-invalid`. */
export function parseMount(text: string, fields: readonly string[] = text.split(",")): MountSpec {
  const options = parseOptions(fields, text);
  const [volume, target, readOnly] = ["volume", "target", "readOnly"].map((key) => options.get(key));
  const unknown = [...options.keys()].find((key) => !["volume", "target", "readOnly"].includes(key));
  if (volume === undefined || target === undefined || unknown !== undefined) {
    throw valueError(`Cannot read mount ${quoteText(text)}`, `Write "volume=NAME,target=/PATH"`);
  }
  const path = parseAbsolutePath(target);
  if (path === "/") throw valueError(`Cannot mount volume ${quoteText(volume)} over the app's root`);
  if (isReservedTarget(path))
    throw valueError(`Cannot mount volume ${quoteText(volume)} at ${quoteText(path)}: nothing can be mounted there`);
  return { volume: parseAcName(volume), path, ...(readOnly === undefined ? {} : { readOnly: parseBoolean(readOnly) }) };
}

/** Paths that are the pod's in every app. */
export function isReservedTarget(path: string): boolean {
  return path === "/" || /^\/(proc|sys|dev|run)$/.test(path) || /^\/(proc|sys)\//.test(path);
}

function parseOptions(parts: readonly string[], text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf("=");
    const key = part.slice(0, Math.max(equals, 0));
    if (equals < 1)
      throw valueError(`Cannot read ${quoteText(part)} in ${quoteText(text)}`, `Options are "KEY=VALUE", separated by commas`);
    if (options.has(key)) throw valueError(`Option "${key}=" stands twice in ${quoteText(text)}`);
    options.set(key, part.slice(equals + 1));
  }
  return options;
}

const READERS: Readonly<Record<string, (value: string) => unknown>> = {
  source: parseAbsolutePath,
  readOnly: parseBoolean,
  recursive: parseBoolean,
  idmap: parseBoolean,
  unsafe: parseBoolean,
  mode: parseMode,
  uid: (value) => parseInteger(value, 0, 0xfffffffe),
  gid: (value) => parseInteger(value, 0, 0xfffffffe),
  size: parseByteSize,
};

function readOptions(options: ReadonlyMap<string, string>): Partial<VolumeSpec> {
  const entries = [...options].filter(([key]) => key !== "kind").map(([key, value]) => [key, READERS[key]?.(value)]);
  return Object.fromEntries(entries) as Partial<VolumeSpec>;
}

/** Four octal digits. */
function parseMode(text: string): string {
  if (!/^0?[0-7]{3,4}$/.test(text)) throw valueError(`Cannot read ${quoteText(text)} as a mode`, `Octal digits as in "0750"`);
  return text.replace(/^0+(?=[0-7]{3})/, "").padStart(4, "0");
}

function quoteList(words: readonly string[]): string {
  return words.map((word) => `"${word}="`).join(", ");
}
