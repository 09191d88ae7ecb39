import { RktError } from "./error.ts";
import { quoteText } from "./escape.ts";

/** A number of appc (Kubernetes' resource.Quantity): exact, in thousandths. */
export interface Quantity {
  readonly milli: bigint;
}

const BINARY_EXPONENTS: Readonly<Record<string, bigint>> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n };
const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, K: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** systemd.time(7), in microseconds. */
const TIME_UNITS: Readonly<Record<string, number>> = {
  "": 1e6,
  us: 1,
  µs: 1,
  μs: 1,
  usec: 1,
  ms: 1e3,
  msec: 1e3,
  s: 1e6,
  sec: 1e6,
  second: 1e6,
  seconds: 1e6,
  m: 60e6,
  min: 60e6,
  minute: 60e6,
  minutes: 60e6,
  h: 3600e6,
  hr: 3600e6,
  hour: 3600e6,
  hours: 3600e6,
  d: 86400e6,
  day: 86400e6,
  days: 86400e6,
  w: 604800e6,
  week: 604800e6,
  weeks: 604800e6,
};

/** "500m", "1.5", "64Mi", "1e3", "2G": appc spec "Quantity". Smaller parts than a thousandth round up. Throws `quantity-invalid`. */
export function parseQuantity(text: string): Quantity {
  const match = /^([+-]?)(\d{1,30})(?:\.(\d{0,30}))?(?:([numkKMGTPE]?|[KMGTPE]i)|[eE]([+-]?\d{1,2}))$/.exec(text);
  if (match === null) throw invalidQuantity(text);
  const [, sign, whole = "", fraction = "", suffix = "", exponentText] = match;
  const exponent = exponentText === undefined ? (DECIMAL_EXPONENTS[suffix] ?? 0) : Number(exponentText);
  const binary = BINARY_EXPONENTS[suffix];
  const factor = binary === undefined ? 1n : 1024n ** binary;
  const magnitude = scaleUp(BigInt(whole + fraction) * factor, exponent + 3 - fraction.length);
  if (magnitude > 2n ** 63n * 1000n) throw invalidQuantity(text);
  return { milli: sign === "-" ? -magnitude : magnitude };
}

/** The whole number at or above a quantity, for bytes and counts. Throws `quantity-invalid` when negative or not exact in a number. */
export function wholeQuantity(text: string): number {
  const { milli } = parseQuantity(text);
  const value = Number((milli + 999n) / 1000n);
  if (milli < 0n || !Number.isSafeInteger(value)) throw invalidQuantity(text);
  return value;
}

/** A size as systemd writes it: a number with K, M, G, T, P, E to the base 1024. Throws `size-invalid`. */
export function parseByteSize(text: string): number {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?([KMGTPE]?)(?:i?B)?$/.exec(text.trim());
  const exponent = match === null ? -1 : ["", "K", "M", "G", "T", "P", "E"].indexOf(match[3] ?? "");
  const bytes = match === null ? Number.NaN : Math.floor(Number(`${match[1]}.${match[2] ?? 0}`) * 1024 ** exponent);
  if (!Number.isSafeInteger(bytes)) {
    throw new RktError("size-invalid", `Cannot read ${quoteText(text)} as a size`, {
      hint: `A number of bytes, with K, M, G or T as in "64M"`,
    });
  }
  return bytes;
}

/** A span of systemd.time(7) in microseconds ("90", "1min 30s", "500ms"); `infinity` is Infinity. Throws `time-invalid`. */
export function parseTimeSpan(text: string): number {
  const compact = text.trim();
  if (compact === "infinity") return Number.POSITIVE_INFINITY;
  const pattern = /\s*(\d{1,15}(?:\.\d{0,9})?)\s*([a-z\u00b5\u03bc]*)/gy;
  let total = 0;
  let end = 0;
  for (const match of compact.matchAll(pattern)) {
    const unit = TIME_UNITS[match[2] ?? ""];
    if (unit === undefined) throw invalidTime(text);
    total += Number(match[1]) * unit;
    end = match.index + match[0].length;
  }
  if (compact === "" || end !== compact.length || !Number.isSafeInteger(Math.round(total))) throw invalidTime(text);
  return Math.round(total);
}

function scaleUp(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (digits + divisor - 1n) / divisor;
}

function invalidQuantity(text: string): RktError {
  return new RktError("quantity-invalid", `Cannot read ${quoteText(text)} as a quantity`, {
    hint: `A number, with a suffix as in "500m", "64M" or "1Gi"`,
  });
}

function invalidTime(text: string): RktError {
  return new RktError("time-invalid", `Cannot read ${quoteText(text)} as a span of time`, {
    hint: `Seconds, or units as in "1min 30s" or "500ms"`,
  });
}
