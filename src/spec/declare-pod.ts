import { quoteText } from "../base/escape.ts";
import { parseUuid } from "../base/id.ts";
import { parseByteSize } from "../base/quantity.ts";
import type { Origin, PodSection } from "./declaration.ts";
import { defined } from "./defined.ts";
import { checkResolvConf, parseResolvWord, readHosts } from "./name-files.ts";
import { originOf, readAll, readOne, readPairs } from "./read-section.ts";
import { attempt, type Report } from "./report.ts";
import type { Section } from "./sections.ts";
import { parsePort } from "./port.ts";
import { parseStage1 } from "./stage1-name.ts";
import { parseBoolean, parseIp, parsePair, parseQuotedPair, splitFields, splitList, unquoteFields, valueError } from "./values.ts";
import { parseVolume } from "./volume.ts";

const DEFAULT_JOURNAL_MAX_USE = 64 * 1024 * 1024;
const DNS_KEYS = ["DNS", "DNSSearch", "DNSOption", "DNSDomain", "HostsEntry"];

/** Reads [Pod]; `section` is undefined where the file has none. */
export function declarePod(section: Section | undefined, report: Report): PodSection {
  const one = <T>(key: string, read: (value: string) => T): T | undefined => readOne(section, key, report, read);
  const all = <T>(key: string, read: (value: string, origin: Origin) => T): T[] => readAll(section, key, report, read);
  const nets = all("Net", (value, origin) => parseNets(unquoteFields(value)).map((name) => ({ name, origin }))).flat();
  const pod = defined({
    stage1: one("Stage1", readStage1) ?? "nspawn",
    stage1Origin: originOf(section, "Stage1"),
    job: one("Job", parseBoolean) ?? false,
    net: nets.map(({ name }) => name),
    netOrigin: originOf(section, "Net"),
    netOrigins: nets.map(({ origin }) => origin),
    ports: all("Port", (value, origin) => ({ ...parsePort(unquoteFields(value)), origin })),
    volumes: all("Volume", (value, origin) => ({ ...parseVolume(value, splitFields(value)), origin })),
    devices: all("Device", (value, origin) => ({ ...parseDevice(unquoteFields(value)), origin })),
    sysctls: all("Sysctl", (value, origin) => ({ ...parseSysctl(value), origin })),
    dns: all("DNS", (value) => splitList(value).map(parseDns)).flat(),
    dnsSearch: all("DNSSearch", parseResolvWords).flat(),
    dnsOption: all("DNSOption", parseResolvWords).flat(),
    dnsDomain: one("DNSDomain", parseResolvWord),
    hostsEntry: all("HostsEntry", parseHostsEntry),
    dnsOrigin: originOf(section, ...DNS_KEYS),
    hostname: one("Hostname", parseHostname),
    privateUsers: one("PrivateUsers", parseBoolean) ?? false,
    privateUsersOrigin: originOf(section, "PrivateUsers"),
    journalMaxUse: one("JournalMaxUse", parseJournalSize) ?? DEFAULT_JOURNAL_MAX_USE,
    uuid: one("UUID", parseUuid),
    uuidOrigin: originOf(section, "UUID"),
    annotations: readPairs(section, "Annotation", report),
    labels: readPairs(section, "Label", report),
  });
  checkNames(section, pod, report);
  return pod;
}

/** What of them stands alone. */
function checkNames(section: Section | undefined, pod: PodSection, report: Report): void {
  const [dns, hosts] = [originOf(section, "DNS"), originOf(section, "HostsEntry")];
  if (dns !== undefined) attempt(report, dns, () => checkResolvConf(pod));
  if (hosts !== undefined) attempt(report, hosts, () => readHosts(pod.hostsEntry));
}

function readStage1(value: string): string {
  if (/\s/.test(value)) throw valueError(`Cannot use ${quoteText(`Stage1=${value}`)}`, `As in "Stage1=nspawn" or "Stage1=kvm:qemu"`);
  parseStage1(value);
  return value;
}

/** `NAME[:ARG=VALUE;…]`, several separated by commas, as `--net`. */
function parseNets(value: string): string[] {
  const nets = value.split(",").map((net) => net.trim());
  const bad = nets.find((net) => !/^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+=[^;\s]*(;[A-Za-z0-9_.-]+=[^;\s]*)*)?$/.test(net));
  if (bad !== undefined) throw valueError(`Cannot read network ${quoteText(bad)}`, `As in "Net=host" or "Net=backend:IP=10.1.2.3"`);
  return nets;
}

function parseDevice(value: string): { path: string; access: string } {
  const match = /^(\/dev\/[^:\s]+)(?::([rwm]{1,3}))?$/.exec(value);
  const [, path = "", access = "rw"] = match ?? [];
  if (match === null || /(^|\/)\.{0,2}(\/|$)/.test(path.slice(1)) || new Set(access).size !== access.length) {
    throw valueError(`Cannot read device ${quoteText(value)}`, `As in "Device=/dev/fuse:rw"`);
  }
  return { path, access };
}

function parseSysctl(value: string): { name: string; value: string } {
  const [name, text] = parseQuotedPair(value);
  if (!/^[a-zA-Z0-9_][a-zA-Z0-9_./-]*$/.test(name) || name.includes(".."))
    throw valueError(`Cannot use ${quoteText(name)} as a kernel parameter`);
  return { name: name.includes("/") && !name.includes(".") ? name.replaceAll("/", ".") : name, value: text };
}

function parseDns(word: string): string {
  return word === "host" || word === "none" ? word : parseIp(word);
}

function parseResolvWords(value: string): string[] {
  return splitList(value).map(parseResolvWord);
}

/** `IP=NAME[,[IP=]NAME…]` or `host`, without blanks around `=`. */
function parseHostsEntry(value: string): string {
  const words = unquoteFields(value).split(",");
  const entry = words.map((word) => (word.includes("=") ? parsePair(word).join("=") : word)).join(",");
  readHosts([entry]);
  return entry;
}

function parseHostname(value: string): string {
  if (value.length > 64 || !/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(value)) {
    throw valueError(`Cannot use ${quoteText(value)} as a host name`, "Letters, digits and dashes, at most 64 characters");
  }
  return value;
}

function parseJournalSize(value: string): number {
  const size = parseByteSize(value);
  // A single journal file takes 512 KiB at least, and journald needs a second one to rotate into.
  if (size < 1024 * 1024) throw valueError(`Cannot bound the journal to ${quoteText(value)}: 1M is the least`);
  return size;
}
