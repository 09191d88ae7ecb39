/**
 * Words of a POSIX shell on one line: each in single quotes; a newline, which must not stand in the line,
 * as the last character of the IFS that every shell starts with.
 */
export function quoteForShell(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", `'\\''`).replaceAll("\n", `'"\${IFS#??}"'`)}'`).join(" ");
}
