import { isIP } from "../base/ip.ts";
import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier, parseAcName, parseImageId } from "../base/id.ts";
import type { PodManifest, PodMount, PodPort, PodVolume, RuntimeApp } from "./appc.ts";
import { readAnnotations, readAppSection, readImagePort, readIsolatorList, readLabels, readStringMap } from "./app-section.ts";
import { defined } from "./defined.ts";
import { readVersion } from "./image-manifest.ts";
import {
  manifestError,
  optional,
  parseJsonObject,
  readBoolean,
  readInteger,
  readList,
  readObject,
  readString,
  readWith,
  refuseTwins,
} from "./json-reader.ts";
import { parseAbsolutePath } from "./values.ts";

const MAX_MANIFEST = 4 * 1024 * 1024;
const KINDS = ["host", "empty", "state", "tmpfs"] as const;

/** Reads and checks a pod manifest (appc spec 0.8.11, "Pod Manifest Schema"), with rkt's own volume kinds. Throws `manifest-invalid`. */
export function parsePodManifest(json: string | Uint8Array): PodManifest {
  const manifest = parseJsonObject(json, "The pod manifest", MAX_MANIFEST);
  if (manifest["acKind"] !== "PodManifest") throw manifestError(`The pod manifest's "acKind" is not "PodManifest"`);
  const result = defined({
    acKind: "PodManifest" as const,
    acVersion: readVersion(manifest["acVersion"]),
    apps: readList(manifest["apps"], "apps", readApp),
    volumes: optional(manifest["volumes"], "volumes", (v, p) => readList(v, p, readVolume)),
    isolators: optional(manifest["isolators"], "isolators", readIsolatorList),
    annotations: optional(manifest["annotations"], "annotations", readAnnotations),
    ports: optional(manifest["ports"], "ports", (v, p) => readList(v, p, readPort)),
    userAnnotations: optional(manifest["userAnnotations"], "userAnnotations", readStringMap),
    userLabels: optional(manifest["userLabels"], "userLabels", readStringMap),
  });
  refuseTwins(result.apps, "apps", (app) => app.name);
  refuseTwins(result.volumes ?? [], "volumes", (volume) => volume.name);
  checkMounts(result);
  return result;
}

function checkMounts(manifest: PodManifest): void {
  const volumes = new Set((manifest.volumes ?? []).map((volume) => volume.name));
  for (const app of manifest.apps) {
    const missing = app.mounts?.find((mount) => !volumes.has(mount.volume));
    if (missing !== undefined)
      throw manifestError(`App ${quoteText(app.name)} mounts volume ${quoteText(missing.volume)}, which the manifest does not have`);
  }
}

function readApp(value: unknown, place: string): RuntimeApp {
  const app = readObject(value, place);
  return defined({
    name: readWith(app["name"], `${place}.name`, parseAcName),
    image: readImage(app["image"], `${place}.image`),
    app: optional(app["app"], `${place}.app`, readAppSection),
    readOnlyRootFS: optional(app["readOnlyRootFS"], `${place}.readOnlyRootFS`, readBoolean),
    mounts: optional(app["mounts"], `${place}.mounts`, (v, p) => readList(v, p, readMount)),
    annotations: optional(app["annotations"], `${place}.annotations`, readAnnotations),
  });
}

function readImage(value: unknown, place: string): RuntimeApp["image"] {
  const image = readObject(value, place);
  return defined({
    id: readWith(image["id"], `${place}.id`, parseImageId),
    name: optional(image["name"] === "" ? undefined : image["name"], `${place}.name`, (v, p) => readWith(v, p, parseAcIdentifier)),
    labels: optional(image["labels"], `${place}.labels`, readLabels),
  });
}

function readMount(value: unknown, place: string): PodMount {
  const mount = readObject(value, place);
  return {
    volume: readWith(mount["volume"], `${place}.volume`, parseAcName),
    path: readWith(mount["path"], `${place}.path`, parseAbsolutePath),
  };
}

function readVolume(value: unknown, place: string): PodVolume {
  const volume = readObject(value, place);
  const kind = KINDS.find((candidate) => candidate === volume["kind"]);
  if (kind === undefined) throw manifestError(`${quoteText(`${place}.kind`)} is none of ${KINDS.map((word) => `"${word}"`).join(", ")}`);
  const result = defined({
    name: readWith(volume["name"], `${place}.name`, parseAcName),
    kind,
    source: optional(volume["source"] === "" ? undefined : volume["source"], `${place}.source`, (v, p) =>
      readWith(v, p, parseAbsolutePath),
    ),
    readOnly: optional(volume["readOnly"], `${place}.readOnly`, readBoolean),
    recursive: optional(volume["recursive"], `${place}.recursive`, readBoolean),
    mode: optional(volume["mode"] === "" ? undefined : volume["mode"], `${place}.mode`, readMode),
    uid: optional(volume["uid"], `${place}.uid`, readId),
    gid: optional(volume["gid"], `${place}.gid`, readId),
    size: optional(volume["size"], `${place}.size`, (v, p) => readInteger(v, p, 1, Number.MAX_SAFE_INTEGER)),
    idmap: optional(volume["idmap"], `${place}.idmap`, readBoolean),
  });
  if (kind === "host" && result.source === undefined) throw manifestError(`${quoteText(place)} is a host volume without "source"`);
  if (kind === "host" && (result.mode ?? result.uid ?? result.gid) !== undefined)
    throw manifestError(`${quoteText(place)} is a host volume with mode, uid or gid`);
  return result;
}

function readMode(value: unknown, place: string): string {
  const mode = readString(value, place);
  if (!/^[0-7]{3,4}$/.test(mode)) throw manifestError(`${quoteText(place)} is no octal mode`);
  return mode.padStart(4, "0");
}

function readId(value: unknown, place: string): number {
  return readInteger(value, place, 0, 0xfffffffe);
}

function readPort(value: unknown, place: string): PodPort {
  const port = readObject(value, place);
  const hostIP = optional(port["hostIP"] === "" ? undefined : port["hostIP"], `${place}.hostIP`, readString);
  if (hostIP !== undefined && isIP(hostIP) === 0) throw manifestError(`${quoteText(`${place}.hostIP`)} is no IP address`);
  return defined({
    name: readWith(port["name"], `${place}.name`, parseAcName),
    hostPort: readInteger(port["hostPort"], `${place}.hostPort`, 1, 65535),
    hostIP,
    podPort: optional(port["podPort"], `${place}.podPort`, readImagePort),
  });
}
