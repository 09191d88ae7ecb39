type Fields = Readonly<Record<string, unknown>>;

/** A line of `journalctl --output=json`; undefined: it is none. */
export function parseFields(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** A field is text, an array of bytes where it is not printable, or an array of those where it occurs several times. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || value.length === 0) return "";
  const items: readonly unknown[] = value;
  if (items.every((item) => typeof item === "number")) return Buffer.from(items).toString("utf8");
  return textOf(items[0]);
}
