import { quoteText } from "../base/escape.ts";
import { parseUnitFile } from "../unit/parse.ts";
import type { UnitSection } from "../unit/unit-file.ts";
import type { Origin } from "./declaration.ts";
import { INSTALL_KEYS, isListKey, knownKeys, SECTION_KINDS, type SectionKind, UNIT_KEYS } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { reservedKeyHint } from "./reserved-keys.ts";
import { attempt, problemAt, type Report } from "./report.ts";

/** An assignment that counts, and where it stands. */
export interface Entry extends Origin {
  readonly key: string;
  readonly value: string;
}

/** One section after merging: single keys once, list keys in order, no empty assignments. */
export interface Section {
  readonly kind: SectionKind;
  /** NAME of `[App NAME]` and `[Socket NAME]`. */
  readonly argument?: string;
  readonly origin: Origin;
  readonly entries: readonly Entry[];
}

/** Reads the files and merges them in order: list keys add, an empty assignment resets, of single keys the last counts. */
export function mergeSections(files: readonly { readonly path: string; readonly text: string }[], report: Report): Section[] {
  const merged = new Map<string, Section & { entries: Entry[] }>();
  for (const { path, text } of files) {
    const file = attempt(report, { path, line: 1 }, () => parseUnitFile(text, path));
    for (const part of file?.sections ?? []) mergeSection(merged, part, path, report);
  }
  return [...merged.values()];
}

function mergeSection(merged: Map<string, Section & { entries: Entry[] }>, part: UnitSection, path: string, report: Report): void {
  const origin = { path, line: part.line ?? 1 };
  const header = attempt(report, origin, () => parseHeader(part.name, origin));
  if (header === undefined) return;
  const id = `${header.kind} ${header.argument ?? ""}`;
  const section = merged.get(id) ?? { ...header, origin, entries: [] };
  merged.set(id, section);
  for (const { key, value, line = 1 } of part.entries) {
    const entry = { key, value, path, line };
    if (attempt(report, entry, () => checkEntry(header.kind, entry, report)) === undefined) continue;
    section.entries = addEntry(section.entries, entry, header.kind);
  }
}

function addEntry(entries: readonly Entry[], entry: Entry, kind: SectionKind): Entry[] {
  const others = entries.filter((other) => other.key !== entry.key && !isSameList(kind, other.key, entry.key));
  if (entry.value === "") return others;
  return isListKey(kind, entry.key) ? [...entries, entry] : [...others, entry];
}

/** An empty `ListenStream=` resets all addresses, as in systemd.socket(5). */
function isSameList(kind: SectionKind, a: string, b: string): boolean {
  return kind === "Socket" && a.startsWith("Listen") && b.startsWith("Listen");
}

const NAMED: readonly string[] = ["App", "Socket"] satisfies SectionKind[];

function parseHeader(name: string, origin: Origin): { kind: SectionKind; argument?: string } {
  const [word = "", ...rest] = name.split(/[ \t]+/);
  const kind = SECTION_KINDS.find((candidate) => candidate === word);
  if (kind === undefined) {
    const near = nearest(word, SECTION_KINDS);
    throw problemAt(
      origin,
      `Unknown section ${quoteText(`[${name}]`)}`,
      near === undefined ? undefined : `Did you mean "[${near}${NAMED.includes(near) ? " NAME" : ""}]"?`,
    );
  }
  const named = NAMED.includes(kind);
  if (named && (rest.length !== 1 || rest[0] === ""))
    throw problemAt(origin, `Section "[${kind}]" needs one name`, `Write "[${kind} NAME]"`);
  if (!named && rest.length > 0) throw problemAt(origin, `Section ${quoteText(`[${name}]`)} takes no name`, `Write "[${kind}]"`);
  return rest[0] === undefined ? { kind } : { kind, argument: rest[0] };
}

/** Returns true, so that a refused entry is told from an accepted one. */
function checkEntry(kind: SectionKind, entry: Entry, report: Report): true {
  if (/[\p{Cc}]/u.test(entry.value.replaceAll("\t", ""))) {
    throw problemAt(entry, `The value of ${quoteText(`${entry.key}=`)} holds a control character`);
  }
  if (entry.value.endsWith("\\")) throw problemAt(entry, `The value of ${quoteText(`${entry.key}=`)} ends in a backslash`);
  const known = knownKeys(kind);
  if (known === undefined) warnUnknown(kind, entry, report);
  else if (!known.has(entry.key)) throw unknownKey(kind, entry, known);
  return true;
}

function unknownKey(kind: SectionKind, entry: Entry, known: ReadonlySet<string>): Error {
  const reserved = reservedKeyHint(kind, entry.key);
  if (reserved !== undefined) return problemAt(entry, `Cannot use ${quoteText(`${entry.key}=`)} in [${kind}]`, reserved);
  const near = nearest(entry.key, known);
  return problemAt(
    entry,
    `Unknown key ${quoteText(`${entry.key}=`)}`,
    near === undefined ? `See rkt.pod(5) for the keys of [${kind}]` : `Did you mean "${near}="?`,
  );
}

function warnUnknown(kind: SectionKind, { key, path, line }: Entry, report: Report): void {
  const [keys, others] = kind === "Install" ? [INSTALL_KEYS, UNIT_KEYS] : [UNIT_KEYS, INSTALL_KEYS];
  if (keys.includes(key)) return;
  if (others.includes(key)) {
    const hint = `Write it in the [${kind === "Install" ? "Unit" : "Install"}] section`;
    report.warnings.push({ path, line, message: `systemd skips ${quoteText(`${key}=`)} in [${kind}]`, hint });
    return;
  }
  const near = nearest(key, keys);
  const message = `systemd may not know the key ${quoteText(`${key}=`)} and then skips it`;
  report.warnings.push({ path, line, message, ...(near === undefined ? {} : { hint: `Did you mean "${near}="?` }) });
}
