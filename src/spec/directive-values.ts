import { quoteText } from "../base/escape.ts";
import { parseBoolean, valueError } from "./values.ts";

/** What a key takes; `hint` says it in words. */
interface Grammar {
  readonly hint: string;
  accepts(value: string): boolean;
}

/** A number, or NaN for a text that is none. */
type Reader = (text: string) => number;

/**
 * Refuses what no systemd from 252 on takes (systemd.exec(5), systemd.resource-control(5)): the one in the pod would pass over it, and
 * say so to nobody. A key that is not in the table passes with any value. Throws `value-invalid`.
 */
export function checkDirective(key: string, value: string): void {
  const grammar = Object.hasOwn(GRAMMARS, key) ? GRAMMARS[key] : undefined;
  if (grammar === undefined || grammar.accepts(value)) return;
  throw valueError(`Cannot use ${quoteText(`${key}=${value}`)}`, grammar.hint);
}

const SIZE_HINT = `A size as in "64M" (K, M, G, T, P or E, without "B")`;
/** Of systemd.time(7). */
const TIME_UNIT = /^(?:|[u\u00b5\u03bc]s|usec|ms|msec|s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?|w|weeks?|M|months?|y|years?)$/;

const memory = anyOf(`${SIZE_HINT}, a share as in "20%", or "infinity"`, isInfinity, isSize, (value) => readShare(value) <= 1);
/** A limit of nothing is none to systemd. */
const memoryCeiling = anyOf(memory.hint, isInfinity, (value) => readSize(value) >= 1, isPart);
const tasks = anyOf(
  `A number above 0, a share as in "20%", or "infinity"`,
  isInfinity,
  (value) => readCount(value) > 0,
  (value) => readShare(value) <= 1,
);
const quota = anyOf(`A share of one processor as in "50%" or "200%"`, (value) => readShare(value) > 0);
const weight = within(1, 10000);
const processorWeight = anyOf(
  `${weight.hint}, or "idle"`,
  (value) => value === "idle",
  (value) => weight.accepts(value),
);
const boolean = anyOf(`Write "yes" or "no"`, isBoolean);
const time = anyOf(`Seconds, or units as in "1min 30s" or "500ms"`, isInfinity, isTime);
const mode = anyOf(`An octal mode as in "0022"`, (value) => /^0*[0-7]{1,4}$/.test(value));

const countLimit = limit(`A number, "infinity", or two of them as in "1024:4096"`, orInfinity(readCount));
const sizeLimit = limit(`${SIZE_HINT}, "infinity", or two of them as in "64M:1G"`, orInfinity(readSize));
const timeLimit = anyOf(`A span of time as in "30s", "infinity", or two of them as in "30s:1min"`, (value) => {
  const parts = value.split(":");
  return parts.length <= 2 && parts.every((part) => isInfinity(part) || isTime(part));
});
const niceLimit = limit(`A nice level from "-20" to "+19" with its sign, or a number from 0 to 40`, readNiceLimit);

const GRAMMARS: Readonly<Record<string, Grammar>> = {
  ...named(memory, "MemoryMin", "MemoryLow", "StartupMemoryLow", "MemorySwapMax", "StartupMemorySwapMax"),
  ...named(memory, "MemoryZSwapMax", "StartupMemoryZSwapMax"),
  ...named(memoryCeiling, "MemoryHigh", "StartupMemoryHigh", "MemoryMax", "StartupMemoryMax"),
  ...named(tasks, "TasksMax"),
  ...named(quota, "CPUQuota"),
  ...named(processorWeight, "CPUWeight", "StartupCPUWeight"),
  ...named(weight, "IOWeight", "StartupIOWeight"),
  ...named(ofDevice(weight), "IODeviceWeight"),
  ...named(ofDevice(anyOf(`${SIZE_HINT}, or "infinity"`, isInfinity, isSize)), "IOReadBandwidthMax", "IOWriteBandwidthMax"),
  ...named(ofDevice(anyOf(`A number as in "500" or "2K", or "infinity"`, isInfinity, isSize)), "IOReadIOPSMax", "IOWriteIOPSMax"),
  ...named(ofDevice(time), "IODeviceLatencyTargetSec"),
  ...named(boolean, "CPUAccounting", "MemoryAccounting", "TasksAccounting", "IOAccounting", "MemoryZSwapWriteback"),
  ...named(boolean, "CPUSchedulingResetOnFork"),
  ...named(time, "CPUQuotaPeriodSec", "MemoryPressureThresholdSec"),
  ...named(within(-20, 19), "Nice"),
  ...named(mode, "UMask"),
  ...named(countLimit, "LimitNOFILE", "LimitNPROC", "LimitLOCKS", "LimitSIGPENDING", "LimitRTPRIO"),
  ...named(sizeLimit, "LimitFSIZE", "LimitDATA", "LimitSTACK", "LimitCORE", "LimitRSS", "LimitAS", "LimitMEMLOCK", "LimitMSGQUEUE"),
  ...named(timeLimit, "LimitCPU", "LimitRTTIME"),
  ...named(niceLimit, "LimitNICE"),
  ...named(choice(["continue", "stop", "kill"]), "OOMPolicy"),
  ...named(choice(["other", "batch", "idle", "fifo", "rr", "ext"], /^\d+$/), "CPUSchedulingPolicy"),
  ...named(within(0, 99), "CPUSchedulingPriority"),
  ...named(choice(["none", "realtime", "best-effort", "idle"], /^[0-7]$/), "IOSchedulingClass"),
  ...named(within(0, 7), "IOSchedulingPriority"),
};

function named(grammar: Grammar, ...keys: string[]): Record<string, Grammar> {
  return Object.fromEntries(keys.map((key) => [key, grammar]));
}

function anyOf(hint: string, ...ways: readonly ((value: string) => boolean)[]): Grammar {
  return { hint, accepts: (value) => ways.some((accepts) => accepts(value)) };
}

function within(minimum: number, maximum: number): Grammar {
  return anyOf(`A number from ${minimum} to ${maximum}`, (value) => {
    const number = readSigned(value);
    return number >= minimum && number <= maximum;
  });
}

/** Numbers that the kernel has for the words pass too. */
function choice(words: readonly string[], numbers?: RegExp): Grammar {
  return anyOf(`One of ${words.map((word) => `"${word}"`).join(", ")}`, (value) => words.includes(value) || numbers?.test(value) === true);
}

/** One value for both limits, or the soft one before the hard one. */
function limit(hint: string, read: Reader): Grammar {
  return anyOf(hint, (value) => {
    const [soft = "", hard = soft, ...others] = value.split(":");
    return others.length === 0 && read(soft) <= read(hard.trimStart());
  });
}

function ofDevice({ hint, accepts }: Grammar): Grammar {
  return anyOf(`A device and a value as in "/dev/sda VALUE". ${hint}`, (value) => {
    const rest = /^(?:"[^"]*"|'[^']*'|(?:\\.|\S)+)\s+(\S.*)$/.exec(value)?.[1];
    return rest !== undefined && accepts(rest);
  });
}

function isInfinity(value: string): boolean {
  return value === "infinity";
}

function isSize(value: string): boolean {
  return !Number.isNaN(readSize(value));
}

function isTime(value: string): boolean {
  const parts = [...value.matchAll(/\s*\+?(?:\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z\u00b5\u03bc]*)/gy)];
  const length = parts.reduce((sum, [part]) => sum + part.length, 0);
  return length > 0 && length === value.length && parts.every(([, unit = ""]) => TIME_UNIT.test(unit));
}

function isPart(value: string): boolean {
  const share = readShare(value);
  return share > 0 && share <= 1;
}

function isBoolean(value: string): boolean {
  try {
    parseBoolean(value);
    return true;
  } catch {
    return false;
  }
}

function orInfinity(read: Reader): Reader {
  return (text) => (isInfinity(text) ? Number.POSITIVE_INFINITY : read(text));
}

/** "1.5G", "1G 512M": larger units first. */
function readSize(text: string): number {
  if (!/^(?=.*\d)(?:\s*\+?\d+(?:\.\d*)?\s*[BKMGTPE])*(?:\s*\+?\d+(?:\.\d*)?)?$/.test(text)) return Number.NaN;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?)\s*([BKMGTPE]?)/g)].map(([, number, suffix = ""]) => ({
    number: Number(number),
    exponent: suffix === "" ? 0 : "BKMGTPE".indexOf(suffix),
  }));
  const falls = parts.every(({ exponent }, index) => index === 0 || exponent < (parts[index - 1]?.exponent ?? 0));
  const bytes = parts.reduce((sum, { number, exponent }) => sum + number * 1024 ** exponent, 0);
  return falls && bytes <= 2 ** 64 ? bytes : Number.NaN;
}

/** With a leading 0 it is octal. */
function readCount(text: string): number {
  const digits = /^\+?(0[xX][\da-fA-F]+|0[bB][01]+|0o[0-7]+|0[0-7]*|[1-9]\d*)$/.exec(text)?.[1];
  if (digits === undefined) return Number.NaN;
  const number = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return number < 2 ** 64 ? number : Number.NaN;
}

function readSigned(text: string): number {
  return /^-\d/.test(text) ? -readCount(text.slice(1)) : readCount(text);
}

/** Of one: per cent, per mille, per myriad. */
function readShare(text: string): number {
  const [, number, sign = ""] = /^\+?(\d+(?:\.\d{1,2}(?=%)|\.\d(?=\u2030))?)([%\u2030\u2031])$/.exec(text) ?? [];
  return Number(number) / ({ "%": 100, "\u2030": 1000, "\u2031": 10000 }[sign] ?? Number.NaN);
}

/** With a sign it is a nice level, of which the limit is the distance to 20. */
function readNiceLimit(text: string): number {
  const number = readSigned(text);
  if (/^[+-]/.test(text)) return number >= -20 && number <= 19 ? 20 - number : Number.NaN;
  return number <= 40 ? number : Number.NaN;
}
