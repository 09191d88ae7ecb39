/** Cursor to the corner, everything after it away. */
const home = "\u001b[H\u001b[J";
/** What is too long for a line is cut, not continued on the next one (DECAWM). */
const [cut, wrap] = ["\u001b[?7l", "\u001b[?7h"];

/** A table over the one before. What does not fit into the window is left out: it would scroll the header away. */
export function drawOver(table: string, rows: number | undefined): string {
  const lines = table.split("\n").slice(0, -1);
  // The cursor stands below the last one.
  const shown = rows === undefined || rows < 2 ? lines : lines.slice(0, rows - 1);
  return `${home}${cut}${shown.map((line) => `${line}\n`).join("")}${wrap}`;
}
