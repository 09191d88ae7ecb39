/** `2026-01-31T12:00:00Z`, the same on every host. */
export function showTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
