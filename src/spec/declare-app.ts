import { quoteText } from "../base/escape.ts";
import { type AcName, parseAcName } from "../base/id.ts";
import { parseTimeSpan } from "../base/quantity.ts";
import { splitWords } from "../unit/words.ts";
import { type AppStreams, silentStreams, terminalStreams } from "./app-streams.ts";
import type { AppDeclaration, Origin } from "./declaration.ts";
import { readIsolators } from "./declare-isolators.ts";
import { defined } from "./defined.ts";
import { checkDirective } from "./directive-values.ts";
import { parseImageReference } from "./image-reference.ts";
import { APP_DIRECTIVES } from "./keys.ts";
import { entriesOf, originOf, readAll, readOne, readPairs } from "./read-section.ts";
import { attempt, problemAt, type Report } from "./report.ts";
import type { Section } from "./sections.ts";
import {
  parseAbsolutePath,
  parseBoolean,
  parseChoice,
  parseEnvironmentPair,
  parseSignal,
  splitFields,
  splitList,
  valueError,
} from "./values.ts";
import { parseMount } from "./volume.ts";

const PULLS = ["new", "never", "update"] as const;
const OUTPUTS = ["auto", "journal", "pipe", "tty", "null"] as const;
const RESTARTS = ["no", "on-failure", "always"] as const;

/** Reads one [App NAME]; undefined, with problems reported, where its name or image is missing or wrong. */
export function declareApp(section: Section, report: Report): AppDeclaration | undefined {
  const { origin } = section;
  const one = <T>(key: string, read: (value: string) => T): T | undefined => readOne(section, key, report, read);
  const all = <T>(key: string, read: (value: string, origin: Origin) => T): T[] => readAll(section, key, report, read);
  const name = attempt(report, origin, () => parseAcName(section.argument ?? ""));
  const image = readImage(section, report);
  const credentials = readWords(section, "Credential", report, parseCredentialName);
  const app = {
    ...readCommand(section, report),
    pull: one("Pull", (value) => parseChoice(value, PULLS)) ?? "new",
    environment: uniqueByName(all("Environment", (value) => splitWords(value).map(parseEnvironmentPair)).flat()),
    environmentFiles: all("EnvironmentFile", parseEnvironmentFile),
    user: one("User", parseOwner),
    group: one("Group", parseOwner),
    supplementaryGroups: all("SupplementaryGroups", (value) => splitList(value).map(parseOwner)).flat(),
    workingDirectory: one("WorkingDirectory", parseAbsolutePath),
    mounts: all("Mount", (value, at) => ({ ...parseMount(value, splitFields(value)), origin: at })),
    readOnlyRootFS: one("ReadOnlyRootFS", parseBoolean),
    isolators: readIsolators(section, report),
    directives: readDirectives(section, report),
    credentials: credentials.map(({ name: credential }) => credential),
    credentialOrigins: credentials.map((credential) => credential.origin),
    appArmorProfile: one("AppArmorProfile", String),
    seLinuxContext: one("SELinuxContext", String),
    securityOrigin: originOf(section, "AppArmorProfile", "SELinuxContext"),
    notify: one("Notify", parseNotify) ?? "image",
    watchdogUsec: one("WatchdogSec", parseFiniteTime),
    ...readOutput(one("Output", (value) => parseChoice(value, OUTPUTS)) ?? "auto"),
    ...readOrder(section, report),
    restart: one("Restart", (value) => parseChoice(value, RESTARTS)) ?? "no",
    restartUsec: one("RestartSec", parseFiniteTime),
    stopSignal: one("StopSignal", parseSignal),
    stopTimeoutUsec: one("TimeoutStopSec", parseStopTime),
    reloadSignal: one("ReloadSignal", parseSignal),
    annotations: readPairs(section, "Annotation", report),
    labels: readPairs(section, "Label", report),
  } as const;
  if (name === undefined || image === undefined) return undefined;
  return defined({ name, origin, ...image, ...app });
}

function readImage(section: Section, report: Report): { image: string; imageOrigin: Origin } | undefined {
  const entry = entriesOf(section, "Image").at(-1);
  if (entry === undefined) {
    const hint = `Write "Image=NAME:VERSION"`;
    report.problems.push(problemAt(section.origin, `App ${quoteText(section.argument ?? "")} has no "Image="`, hint));
    return undefined;
  }
  return attempt(report, entry, () => {
    const reference = parseImageReference(entry.value);
    if (reference.kind === "path" && !reference.path.startsWith("/"))
      throw valueError(`Cannot use image ${quoteText(entry.value)}: the path is not absolute`);
    return { image: entry.value, imageOrigin: { path: entry.path, line: entry.line } };
  });
}

function readCommand(section: Section, report: Report): { exec?: string[]; args?: string[] } {
  const exec = readOne(section, "Exec", report, splitWords);
  const args = readOne(section, "Args", report, splitWords);
  const origin = originOf(section, "Args");
  if (exec !== undefined && args !== undefined && origin !== undefined) {
    report.problems.push(problemAt(origin, `Cannot use "Args=" together with "Exec="`, `Put the arguments behind the program in "Exec="`));
  }
  if (exec?.[0] === "") report.problems.push(problemAt(originOf(section, "Exec") ?? section.origin, `"Exec=" names no program`));
  return defined({ exec, args });
}

function readDirectives(section: Section, report: Report): AppDeclaration["directives"] {
  const directives = entriesOf(section, ...APP_DIRECTIVES);
  for (const entry of directives) attempt(report, entry, () => checkDirective(entry.key, entry.value));
  return directives;
}

function readOutput(output: (typeof OUTPUTS)[number]): { output: AppDeclaration["output"]; streams?: AppStreams } {
  if (output === "tty") return { output: "auto", streams: terminalStreams };
  return output === "null" ? { output: "auto", streams: silentStreams } : { output };
}

function readOrder(section: Section, report: Report): Required<Pick<AppDeclaration, "after" | "requires" | "waitsFor">> {
  const after = readWords(section, "After", report, parseAcName);
  const requires = readWords(section, "Requires", report, parseAcName);
  const namesOf = (words: typeof after): AcName[] => [...new Set(words.map(({ name }) => name))];
  return { after: namesOf(after), requires: namesOf(requires), waitsFor: [...after, ...requires] };
}

function readWords<T>(section: Section, key: string, report: Report, parse: (word: string) => T): { name: T; origin: Origin }[] {
  return readAll(section, key, report, (value, origin) => splitList(value).map((word) => ({ name: parse(word), origin }))).flat();
}

function parseEnvironmentFile(value: string, origin: Origin): { path: string; optional: boolean; origin: Origin } {
  const optional = value.startsWith("-");
  const path = parseAbsolutePath(optional ? value.slice(1) : value);
  if (/[*?[\]]/.test(path)) throw valueError(`Cannot use ${quoteText(value)}: "EnvironmentFile=" takes one file, no pattern`);
  return { path, optional, origin };
}

/** A name, a number, or a path whose owner is meant. */
function parseOwner(value: string): string {
  if (value.startsWith("/")) return parseAbsolutePath(value);
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}\$?$/.test(value)) throw valueError(`Cannot use ${quoteText(value)} as a user or group`);
  if (/^\d+$/.test(value) && Number(value) > 0xfffffffe) throw valueError(`Cannot use ${quoteText(value)}: the number is too large`);
  return value;
}

function parseCredentialName(value: string): string {
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(value) || /^\.\.?$/.test(value))
    throw valueError(`Cannot use ${quoteText(value)} as a credential's name`);
  return value;
}

function parseNotify(value: string): "image" | "yes" | "no" {
  if (value === "image") return value;
  return parseBoolean(value) ? "yes" : "no";
}

function parseFiniteTime(value: string): number {
  const usec = parseTimeSpan(value);
  if (!Number.isFinite(usec)) throw valueError(`Cannot use ${quoteText(value)} here`, `A span of time as in "30s"`);
  return usec;
}

function parseStopTime(value: string): number {
  const usec = parseFiniteTime(value);
  if (usec === 0) throw valueError(`Cannot use ${quoteText(value)} here: an app needs some time to end`, `A span of time as in "10s"`);
  return usec;
}

function uniqueByName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [item.name, item])).values()];
}
