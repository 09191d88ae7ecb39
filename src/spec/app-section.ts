import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier, parseAcName } from "../base/id.ts";
import type { Annotation, AppSection, EventHandler, ImagePort, Isolator, Label, MountPoint } from "./appc.ts";
import { defined } from "./defined.ts";
import { parseIsolators } from "./isolators.ts";
import {
  manifestError,
  optional,
  readBoolean,
  readInteger,
  readList,
  readObject,
  readString,
  readWith,
  refuseTwins,
} from "./json-reader.ts";

type Json = unknown;

/** The `app` section of an image or a pod manifest (appc spec, "Image Manifest Schema"). Throws `manifest-invalid`. */
export function readAppSection(value: Json, place: string): AppSection {
  const app = readObject(value, place);
  const section = defined({
    exec: optional(app["exec"], `${place}.exec`, readArgv) ?? [],
    user: readOwner(app["user"], `${place}.user`),
    group: readOwner(app["group"], `${place}.group`),
    supplementaryGIDs: optional(app["supplementaryGIDs"], `${place}.supplementaryGIDs`, readGids),
    workingDirectory: optional(app["workingDirectory"], `${place}.workingDirectory`, readDirectory),
    eventHandlers: optional(app["eventHandlers"], `${place}.eventHandlers`, (v, p) => readList(v, p, readEventHandler)),
    environment: optional(app["environment"], `${place}.environment`, (v, p) => readList(v, p, readVariable)),
    mountPoints: optional(app["mountPoints"], `${place}.mountPoints`, (v, p) => readList(v, p, readMountPoint)),
    ports: optional(app["ports"], `${place}.ports`, (v, p) => readList(v, p, readImagePort)),
    isolators: optional(app["isolators"], `${place}.isolators`, readKnownIsolators),
    userAnnotations: optional(app["userAnnotations"], `${place}.userAnnotations`, readStringMap),
    userLabels: optional(app["userLabels"], `${place}.userLabels`, readStringMap),
  });
  refuseTwins(section.eventHandlers ?? [], `${place}.eventHandlers`, (item) => item.name);
  refuseTwins(section.environment ?? [], `${place}.environment`, (item) => item.name);
  refuseTwins(section.mountPoints ?? [], `${place}.mountPoints`, (item) => item.name);
  refuseTwins(section.ports ?? [], `${place}.ports`, (item) => item.name);
  return section;
}

export function readLabels(value: Json, place: string): Label[] {
  const labels = readList(value, place, readNamedValue);
  refuseTwins(labels, place, (label) => label.name);
  if (labels.some((label) => label.name === "name")) throw manifestError(`${quoteText(place)} holds the label "name", which appc forbids`);
  return labels;
}

export function readAnnotations(value: Json, place: string): Annotation[] {
  const annotations = readList(value, place, readNamedValue);
  refuseTwins(annotations, place, (annotation) => annotation.name);
  return annotations;
}

/** Isolators as they stand; nothing is asked of their values. */
export function readIsolatorList(value: Json, place: string): Isolator[] {
  return readList(value, place, (item, at) => {
    const object = readObject(item, at);
    return { name: readWith(object["name"], `${at}.name`, parseAcIdentifier), value: object["value"] };
  });
}

export function readStringMap(value: Json, place: string): Record<string, string> {
  return Object.fromEntries(Object.entries(readObject(value, place)).map(([key, text]) => [key, readString(text, `${place}.${key}`)]));
}

export function readImagePort(value: Json, place: string): ImagePort {
  const port = readObject(value, place);
  const protocol = readString(port["protocol"], `${place}.protocol`);
  if (protocol !== "tcp" && protocol !== "udp") throw manifestError(`${quoteText(`${place}.protocol`)} is neither "tcp" nor "udp"`);
  const first = readInteger(port["port"], `${place}.port`, 1, 65535);
  const count = optional(port["count"], `${place}.count`, (v, p) => readInteger(v, p, 0, 65536 - first));
  const name = readWith(port["name"], `${place}.name`, parseAcName);
  const socketActivated = optional(port["socketActivated"], `${place}.socketActivated`, readBoolean);
  // Go writes 0 for a count that was not given.
  return defined({ name, protocol, port: first, count: count === 0 ? undefined : count, socketActivated } as const);
}

function readArgv(value: Json, place: string): string[] {
  return readList(value, place, readString);
}

function readOwner(value: Json, place: string): string {
  const owner = readString(value, place);
  if (owner === "" || owner.length > 4096 || /[\p{Cc}:]/u.test(owner)) throw manifestError(`${quoteText(place)} is no user or group`);
  return owner;
}

function readGids(value: Json, place: string): number[] {
  return readList(value, place, (item, at) => readInteger(item, at, 0, 0xfffffffe));
}

function readDirectory(value: Json, place: string): string | undefined {
  const path = readString(value, place);
  if (path === "") return undefined;
  return readPath(path, place);
}

function readPath(value: Json, place: string): string {
  const path = readString(value, place);
  if (!path.startsWith("/") || path.length > 4096 || /\p{Cc}/u.test(path)) throw manifestError(`${quoteText(place)} is no absolute path`);
  return path;
}

function readNamedValue(value: Json, place: string): Label {
  const object = readObject(value, place);
  return { name: readWith(object["name"], `${place}.name`, parseAcIdentifier), value: readString(object["value"], `${place}.value`) };
}

function readEventHandler(value: Json, place: string): EventHandler {
  const handler = readObject(value, place);
  const name = readString(handler["name"], `${place}.name`);
  if (name !== "pre-start" && name !== "post-stop")
    throw manifestError(`${quoteText(`${place}.name`)} is neither "pre-start" nor "post-stop"`);
  const exec = readArgv(handler["exec"], `${place}.exec`);
  if (exec.length === 0) throw manifestError(`${quoteText(`${place}.exec`)} is empty`);
  return { name, exec };
}

function readVariable(value: Json, place: string): { name: string; value: string } {
  const variable = readObject(value, place);
  const name = readString(variable["name"], `${place}.name`);
  if (!/^[A-Za-z_][A-Za-z_0-9.-]*$/.test(name))
    throw manifestError(`${quoteText(name)} in ${quoteText(place)} is no name of an environment variable`);
  return { name, value: readString(variable["value"], `${place}.value`) };
}

function readMountPoint(value: Json, place: string): MountPoint {
  const point = readObject(value, place);
  return defined({
    name: readWith(point["name"], `${place}.name`, parseAcName),
    path: readPath(point["path"], `${place}.path`),
    readOnly: optional(point["readOnly"], `${place}.readOnly`, readBoolean),
  });
}

/** An app with an isolator that rkt does not know is refused: what its author relied on would be missing. */
function readKnownIsolators(value: Json, place: string): Isolator[] {
  const isolators = readIsolatorList(value, place);
  parseIsolators(isolators);
  return isolators;
}
