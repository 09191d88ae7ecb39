import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier } from "../base/id.ts";
import { manifestError, parseJsonObject, readList, readString, readWith } from "./json-reader.ts";
import { readAuth, readUserCredentials } from "./read-auth.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { CONFIG_DIRECTORIES, CONFIG_FIELDS, type ConfigDirectory, type Setting } from "./setting.ts";

export const MAX_CONFIG_FILE = 64 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/** Reads one file `*.json` of a configuration directory. Throws `config-invalid`; no message holds a value that may be secret. */
export function parseConfig(json: string | Uint8Array, path: string, directory: ConfigDirectory): readonly Setting[] {
  try {
    const file = parseJsonObject(json, "the file", MAX_CONFIG_FILE);
    if (file["rktVersion"] !== "v1") throw manifestError(`"rktVersion" is not "v1"`);
    const kinds: readonly Setting["kind"][] = CONFIG_DIRECTORIES[directory];
    const kind = kinds.find((candidate) => candidate === file["rktKind"]);
    if (kind === undefined) throw manifestError(`"rktKind" is not ${kinds.map((name) => `"${name}"`).join(" or ")}`);
    refuseUnknown(file, ["rktKind", "rktVersion", ...CONFIG_FIELDS[kind]], "");
    return READERS[kind](file);
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    const hint = error.hint ?? `rkt-config(5) says what stands in files of ${directory}`;
    throw new RktError("config-invalid", `Cannot use ${quoteText(path)}: ${error.message}`, { hint, cause: error });
  }
}

const READERS: Readonly<Record<Setting["kind"], (file: Fields) => readonly Setting[]>> = {
  auth: (file) => {
    const auth = readAuth(file["type"], file["credentials"]);
    return readHosts(file["domains"], "domains").map((domain) => ({ kind: "auth", domain, auth }));
  },
  dockerAuth: (file) => {
    const credentials = readUserCredentials(file["credentials"]);
    return readHosts(file["registries"], "registries").map((registry) => ({ kind: "dockerAuth", registry, credentials }));
  },
  paths: (file) =>
    CONFIG_FIELDS.paths.flatMap((field) =>
      file[field] === undefined ? [] : [{ kind: "paths", field, path: readAbsolute(file[field], field) }],
    ),
  stage1: readStage1,
  kvm: readMachine,
};

function readStage1(file: Fields): Setting[] {
  const { name, version, location } = file;
  if ((name === undefined) !== (version === undefined)) throw manifestError(`"name" and "version" go together, and one is missing`);
  return [
    ...(name === undefined
      ? []
      : [
          {
            kind: "stage1",
            field: "name",
            name: readWith(name, "name", parseAcIdentifier),
            version: readWord(version, "version"),
          } as const,
        ]),
    ...(location === undefined ? [] : [{ kind: "stage1", field: "location", location: readLocation(location) } as const]),
  ];
}

function readMachine({ hypervisors, emulation, kernel }: Fields): Setting[] {
  return [
    ...(hypervisors === undefined ? [] : [{ kind: "kvm", field: "hypervisors", names: readNames(hypervisors, "hypervisors") } as const]),
    ...(emulation === undefined ? [] : [{ kind: "kvm", field: "emulation", allowed: readBoolean(emulation, "emulation") } as const]),
    ...(kernel === undefined ? [] : [{ kind: "kvm", field: "kernel", kernel: readKernel(kernel) } as const]),
  ];
}

/** At least one, each once. */
function readNames(value: unknown, place: string): string[] {
  const names = readList(value, place, readWord);
  if (names.length === 0) throw manifestError(`${quoteText(place)} is empty`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw manifestError(`${quoteText(place)} names ${quoteText(twice)} twice`);
  return names;
}

function readBoolean(value: unknown, place: string): boolean {
  if (typeof value === "boolean") return value;
  throw manifestError(`${quoteText(place)} is neither true nor false`);
}

function readKernel(value: unknown): string {
  const kernel = readString(value, "kernel");
  if (kernel === "auto") return kernel;
  if (kernel.startsWith("/")) return readAbsolute(kernel, "kernel");
  throw manifestError(`"kernel" is neither "auto" nor an absolute path`);
}

/** An absolute path, or the URL of an image. */
function readLocation(value: unknown): string {
  const location = readString(value, "location");
  if (location.startsWith("/")) return readAbsolute(location, "location");
  if (/^(file|http|https|docker):\/\/./.test(location) && URL.canParse(location)) return location;
  throw manifestError(`"location" is neither an absolute path nor a URL with file, http, https or docker`);
}

function readAbsolute(value: unknown, place: string): string {
  const path = readString(value, place);
  if (path.startsWith("/") && !path.split("/").includes("..")) return path.replace(/\/+/g, "/").replace(/(?<=.)\/$/, "");
  throw manifestError(`${quoteText(place)} is no absolute path`);
}

function readWord(value: unknown, place: string): string {
  const word = readString(value, place);
  if (/^[\x21-\x7e]{1,200}$/.test(word)) return word;
  throw manifestError(`${quoteText(place)} is no word`);
}

/** Hosts as URLs have them, at least one; not more than that, and no pattern. */
function readHosts(value: unknown, place: string): string[] {
  const hosts = readList(value, place, readHost);
  if (hosts.length === 0) throw manifestError(`${quoteText(place)} is empty`);
  return hosts;
}

function readHost(value: unknown, place: string): string {
  const text = readString(value, place);
  const url = /^[^\s/\\@?#*]{1,300}$/.test(text) ? URL.parse(`https://${text}`) : null;
  if (url !== null) return url.host;
  throw manifestError(`${quoteText(place)} is ${quoteText(text)}, which is not HOST or HOST:PORT`);
}
