const MAINTAINER = "The rkt maintainers <rkt@localhost>";

/** CHANGELOG.md in the form that Debian's tools read (deb-changelog(5)): each `## VERSION` with its list is an entry. */
export function composeChangelog(markdown: string, date: Date): string {
  const entries = markdown.split(/^## /m).slice(1);
  return entries.map((entry) => composeEntry(entry, date)).join("\n");
}

function composeEntry(entry: string, date: Date): string {
  const [version = "", ...lines] = entry.split("\n");
  const body = lines
    .filter((line) => line.trim() !== "")
    .map((line) => `  ${line}`)
    .join("\n");
  return `rkt (${version.trim()}) unstable; urgency=medium\n\n${body}\n\n -- ${MAINTAINER}  ${date.toUTCString().replace("GMT", "+0000")}\n`;
}
