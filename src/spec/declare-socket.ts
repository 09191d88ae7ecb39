import { isIPv4, isIPv6 } from "../base/ip.ts";
import { quoteText } from "../base/escape.ts";
import { type AcName, parseAcName } from "../base/id.ts";
import type { SocketDeclaration } from "./declaration.ts";
import { nearest } from "./nearest.ts";
import { entriesOf, readAll, readOne } from "./read-section.ts";
import { attempt, problemAt, type Report } from "./report.ts";
import type { Section } from "./sections.ts";
import { parseAbsolutePath, parseBoolean, parseInteger, valueError } from "./values.ts";

type Listen = SocketDeclaration["listen"][number];

const KINDS: Readonly<Record<string, Listen["kind"]>> = {
  ListenStream: "stream",
  ListenDatagram: "datagram",
  ListenSequentialPacket: "sequential",
};

/** Reads one [Socket NAME]; undefined, with problems reported, where it cannot be. `apps` are the pod's. */
export function declareSocket(section: Section, apps: readonly AcName[], report: Report): SocketDeclaration | undefined {
  const name = attempt(report, section.origin, () => parseSocketName(section.argument ?? ""));
  readOne(section, "Accept", report, refuseAccept);
  const listen = Object.entries(KINDS).flatMap(([key, kind]) =>
    readAll(section, key, report, (value, origin): Listen => ({ kind, address: normalizeAddress(value, kind), origin })),
  );
  const hasAddress = entriesOf(section, ...Object.keys(KINDS)).length > 0;
  if (!hasAddress)
    report.problems.push(problemAt(section.origin, `Socket ${quoteText(section.argument ?? "")} has no address`, `Write "ListenStream="`));
  const app = readApp(section, apps, report);
  if (name === undefined || app === undefined) return undefined;
  const own = new Set(["App", "Accept", ...Object.keys(KINDS)]);
  const options = section.entries.filter((entry) => !own.has(entry.key));
  return { name, origin: section.origin, app, listen: sortByLine(listen, section), options };
}

/**
 * The explicit form of an address of systemd.socket(5): a bare port becomes `[::]:PORT`. Paths, abstract names (`@…`),
 * `IPV4:PORT` and `[IPV6]:PORT` are accepted. Throws `value-invalid`.
 */
export function normalizeAddress(text: string, kind: Listen["kind"]): string {
  if (/[%\s]/.test(text)) throw valueError(`Cannot listen on ${quoteText(text)}: neither blanks nor "%" can stand in an address`);
  if (text.startsWith("/")) return checkLength(parseAbsolutePath(text));
  if (/^@./.test(text)) return checkLength(text);
  if (kind === "sequential") throw valueError(`Cannot listen on ${quoteText(text)}: "ListenSequentialPacket=" takes a path or "@NAME"`);
  if (/^\d+$/.test(text)) return `[::]:${parseInteger(text, 1, 65535)}`;
  const [, address = "", port = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
  const bracketed = /^\[(.*)\]$/.exec(address)?.[1];
  if (bracketed !== undefined && isIPv6(bracketed)) return `[${bracketed.toLowerCase()}]:${parseInteger(port, 1, 65535)}`;
  if (isIPv4(address)) return `${address}:${parseInteger(port, 1, 65535)}`;
  throw valueError(`Cannot listen on ${quoteText(text)}`, `A port, "IPV4:PORT", "[IPV6]:PORT", a path or "@NAME"`);
}

/** sockaddr_un holds 107 bytes and the closing NUL. */
function checkLength(path: string): string {
  if (Buffer.byteLength(path) > 107) throw valueError(`Cannot listen on ${quoteText(path)}: it is longer than 107 bytes`);
  return path;
}

function parseSocketName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) {
    throw valueError(`Cannot use ${quoteText(text)} as a socket's name`, `Letters, digits, "-", "_" and ".", at most 64`);
  }
  return text;
}

function refuseAccept(value: string): void {
  if (parseBoolean(value))
    throw valueError(`Cannot use "Accept=yes": one connection cannot be one pod`, "The app accepts the connections itself");
}

function readApp(section: Section, apps: readonly AcName[], report: Report): AcName | undefined {
  const entry = entriesOf(section, "App").at(-1);
  if (entry === undefined && apps.length > 1) {
    report.problems.push(
      problemAt(section.origin, `Socket ${quoteText(section.argument ?? "")} does not say for which app it is`, `Write "App=NAME"`),
    );
  }
  if (entry === undefined) return apps.length === 1 ? apps[0] : undefined;
  return attempt(report, entry, () => {
    const name = parseAcName(entry.value);
    if (!apps.includes(name)) throw unknownApp(name, apps);
    return name;
  });
}

function sortByLine(listen: readonly Listen[], section: Section): Listen[] {
  const rank = (item: Listen): number =>
    section.entries.findIndex((entry) => entry.path === item.origin.path && entry.line === item.origin.line);
  return [...listen].sort((a, b) => rank(a) - rank(b));
}

function unknownApp(name: string, apps: readonly string[]): Error {
  const near = nearest(name, apps);
  return valueError(`The pod has no app ${quoteText(name)}`, near === undefined ? undefined : `Did you mean "${near}"?`);
}
