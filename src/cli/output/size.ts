const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** `12MiB`, `1.5GiB`, `512B`: one decimal below ten, as the original. */
export function formatSize(bytes: number): string {
  if (bytes < 10) return `${bytes}B`;
  const exponent = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const value = Math.round((bytes / 1024 ** exponent) * 10) / 10;
  return `${exponent > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)}${UNITS[exponent] ?? ""}`;
}
