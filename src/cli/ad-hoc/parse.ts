import { type AppStreams, parseStreamMode, type StreamName, streamsOf } from "../../spec/app-streams.ts";
import type { Isolator } from "../../spec/appc.ts";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { parseAcIdentifier } from "../../base/id.ts";
import { CAPABILITIES, parseCapability } from "../../spec/capabilities.ts";
import { parseMemory, parseSeccomp } from "../../spec/declare-isolators.ts";
import { parseIsolators } from "../../spec/isolators.ts";
import { parsePort } from "../../spec/port.ts";
import { parseAbsolutePath, parseEnvironmentPair, parseInteger, parsePair } from "../../spec/values.ts";
import { parseMount, parseVolume } from "../../spec/volume.ts";
import { type Given, splitRunLine } from "./line.ts";
import { prepareOptions, runOptions } from "./options.ts";
import { readManifestRequest } from "./manifest.ts";
import { readRuntime } from "./runtime.ts";
import { readStage1Flags } from "./stage1.ts";
import { readVariables, type VariableSources } from "./variables.ts";
import type { RequestedApp, RunRequest } from "./request.ts";

export interface ParsedRun {
  readonly request: RunRequest;
  readonly uuidFileSave?: string;
  readonly warnings: readonly string[];
}

/** Old spelling → what it is now, for warnings. */
const oldSpellings: Readonly<Record<string, string>> = {
  "private-net": "--net",
  "store-only": "--pull-policy=never",
  "no-store": "--pull-policy=update",
  "cap-retain": "--caps-retain",
  "cap-remove": "--caps-remove",
};

/** What a line is read with, besides its words. */
export interface RunSources extends VariableSources {
  readonly insecure: ReadonlySet<string>;
  /** The configured stage1, asked for where the line names none. */
  readonly stage1?: () => string | undefined;
  /** Where --stage1-from-dir looks. */
  readonly stage1Directory: () => string;
}

/** Reads the words behind `run` or `prepare`, without rkt's global options. Throws `usage`, `value-invalid`, `option-refused`. */
export function parseRunLine(
  command: "run" | "prepare",
  words: readonly string[],
  { insecure, stage1, stage1Directory, ...sources }: RunSources,
): ParsedRun {
  const { pod, apps } = splitRunLine(command === "run" ? runOptions : prepareOptions, words);
  const path = last(pod, "pod-manifest");
  const manifest = path === undefined ? undefined : readManifestRequest(sources.host, path, pod);
  if (manifest !== undefined && apps.length > 0)
    throw new RktError("usage", "Cannot use --pod-manifest together with images: conflicting flags set with --pod-manifest");
  if (manifest === undefined && apps.length === 0)
    throw new RktError("usage", `Cannot run without IMAGE`, { hint: `See "rkt help ${command}"` });
  if (isSet(pod, "interactive") && (manifest?.apps ?? apps).length > 1)
    throw new RktError("usage", `Cannot ${command} ${apps.length} images with --interactive: one app can have the terminal`);
  if (insecure.has("paths"))
    throw new RktError("option-refused", "Cannot use --insecure-options=paths: this release protects the kernel's paths always");
  const given = [pod, ...apps.map((app) => app.given)];
  const warnings = Object.keys(oldSpellings)
    .filter((name) => given.some((item) => item.has(name)))
    .map((name) => `--${name} is the old spelling of ${oldSpellings[name]}`);
  const pull = readPull(pod);
  const request: RunRequest = {
    apps:
      manifest?.apps.map((app) => ({ ...app, isolators: readIsolators(new Map(), insecure) })) ??
      apps.map((app) => readApp(app.image, app.given, { pull, insecure, ...(app.args === undefined ? {} : { args: app.args }) })),
    pod: {
      stage1: readStage1Flags(pod, { host: sources.host, stage1Directory }) ?? stage1?.() ?? "nspawn",
      ...readRuntime(pod),
      ports: manifest?.ports ?? all(pod, "port").map(parsePort),
      volumes: manifest?.volumes ?? all(pod, "volume").map((text) => parseVolume(text)),
      annotations: manifest?.annotations ?? {},
      labels: manifest?.labels ?? {},
      mounts: all(pod, "mount").map((text) => parseMount(text)),
      privateUsers: isSet(pod, "private-users"),
      ...readVariables(sources, { inherit: isSet(pod, "inherit-env"), files: all(pod, "set-env-file"), pairs: all(pod, "set-env") }),
    },
    overlay: !isSet(pod, "no-overlay"),
    interactive: isSet(pod, "interactive"),
    insecure: [...insecure],
  };
  refuseTwoTerminals(request);
  const uuidFileSave = last(pod, "uuid-file-save");
  return { request, warnings, ...(uuidFileSave === undefined ? {} : { uuidFileSave }) };
}

/** The terminal is the caller's, or one that others attach to. Throws `usage`. */
export function refuseTwoTerminals({ interactive, apps }: RunRequest): void {
  if (!interactive || apps.every((app) => app.streams === undefined)) return;
  throw new RktError("usage", "Cannot use --interactive together with --stdin, --stdout or --stderr: it gives the app all three");
}

function readStreams(given: Given): AppStreams | undefined {
  const read = <Name extends StreamName>(name: Name): Partial<AppStreams> =>
    given.has(name) ? { [name]: parseStreamMode(name, last(given, name) ?? "", `--${name}`) } : {};
  return streamsOf({ ...read("stdin"), ...read("stdout"), ...read("stderr") });
}

function readPull(pod: Given): RequestedApp["pull"] {
  const wanted = [
    ...all(pod, "pull-policy").slice(-1),
    ...(isSet(pod, "store-only") ? ["never"] : []),
    ...(isSet(pod, "no-store") ? ["update"] : []),
  ];
  if (new Set(wanted).size > 1) throw new RktError("usage", `Cannot pull images by policies ${wanted.join(" and ")} at once`);
  return (wanted[0] ?? "new") as RequestedApp["pull"];
}

interface AppFacts {
  readonly pull: RequestedApp["pull"];
  readonly insecure: ReadonlySet<string>;
  readonly args?: readonly string[];
}

function readApp(image: string, given: Given, { pull, insecure, args }: AppFacts): RequestedApp {
  const workingDirectory = last(given, "working-dir");
  const streams = readStreams(given);
  return {
    image,
    pull,
    ...(args === undefined ? {} : { args }),
    ...textOf(given, "signature", "signature"),
    ...textOf(given, "name", "name"),
    ...textOf(given, "exec", "exec"),
    ...textOf(given, "user", "user"),
    ...textOf(given, "group", "group"),
    supplementaryGroups: words(given, "supplementary-gids"),
    ...(workingDirectory === undefined ? {} : { workingDirectory: parseAbsolutePath(workingDirectory) }),
    ...(given.has("readonly-rootfs") ? { readOnlyRootFS: isSet(given, "readonly-rootfs") } : {}),
    ...(streams === undefined ? {} : { streams }),
    environment: distinct(all(given, "environment").map(parseEnvironmentPair), image),
    mounts: all(given, "mount").map((text) => parseMount(text)),
    isolators: readIsolators(given, insecure),
    annotations: readPairs([...all(given, "annotation"), ...all(given, "user-annotation")], image),
    labels: readPairs(all(given, "user-label"), image),
  };
}

function readIsolators(given: Given, insecure: ReadonlySet<string>): Isolator[] {
  const retain = [...words(given, "caps-retain"), ...words(given, "cap-retain")].map(parseCapability);
  const remove = [...words(given, "caps-remove"), ...words(given, "cap-remove")].map(parseCapability);
  if (retain.length > 0 && remove.length > 0) throw new RktError("usage", "Cannot use --caps-retain together with --caps-remove");
  const kept = insecure.has("capabilities") ? CAPABILITIES : retain;
  const one = (option: string, read: (value: string) => Isolator): Isolator[] => all(given, option).slice(-1).map(read);
  const isolators = [
    ...(kept.length === 0 ? [] : [isolator("os/linux/capabilities-retain-set", { set: [...new Set(kept)] })]),
    ...(remove.length === 0 || insecure.has("capabilities")
      ? []
      : [isolator("os/linux/capabilities-remove-set", { set: [...new Set(remove)] })]),
    ...(insecure.has("seccomp") ? [isolator("os/linux/seccomp-retain-set", { set: ["@appc.io/all"] })] : one("seccomp", parseSeccomp)),
    ...one("memory", parseMemory),
    ...one("cpu", (value) => isolator("resource/cpu", { request: value, limit: value })),
    ...one("cpu-shares", (value) => isolator("os/linux/cpu-shares", parseInteger(value, 2, 262144))),
    ...one("oom-score-adj", (value) => isolator("os/linux/oom-score-adj", parseInteger(value, -1000, 1000))),
  ];
  parseIsolators(isolators);
  return isolators;
}

function isolator(name: string, value: unknown): Isolator {
  return { name: parseAcIdentifier(name), value };
}

function readPairs(texts: readonly string[], image: string): Record<string, string> {
  const pairs = distinct(
    texts.map(parsePair).map(([name, value]) => ({ name, value })),
    image,
  );
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
}

function distinct<T extends { readonly name: string }>(items: readonly T[], image: string): readonly T[] {
  const twice = items.find((item, index) => items.findIndex((other) => other.name === item.name) < index);
  if (twice === undefined) return items;
  throw new RktError("usage", `Cannot set ${quoteText(twice.name)} twice for image ${quoteText(image)}`);
}

function textOf<K extends string>(given: Given, option: string, key: K): Partial<Record<K, string>> {
  const value = last(given, option);
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>;
}

function words(given: Given, name: string): string[] {
  return all(given, name)
    .flatMap((value) => value.split(","))
    .filter((word) => word !== "");
}

function all(given: Given, name: string): readonly string[] {
  return given.get(name) ?? [];
}

function last(given: Given, name: string): string | undefined {
  return all(given, name).at(-1);
}

function isSet(given: Given, name: string): boolean {
  return last(given, name) === "true";
}
