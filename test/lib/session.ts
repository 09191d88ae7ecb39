/** One step of the session in README.md. */
export interface Step {
  /** Comment lines above the command. */
  readonly comments: readonly string[];
  /** The command, with its continuation lines and here-documents. */
  readonly command: string;
  /** It must exit with another status than 0. */
  readonly fails: boolean;
  /** Each must be in its output. */
  readonly expected: readonly string[];
}

/** The fenced blocks of a Markdown text that are marked `sh`, one after the other. */
export function extractSessions(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  if (blocks.length === 0) throw new Error("Cannot find the session: README.md has no block that is marked sh");
  return blocks;
}

/** Reads a session; test/README.md describes its syntax. */
export function parseSession(text: string): readonly Step[] {
  const steps: Step[] = [];
  let comments: string[] = [];
  const lines = text.split("\n");
  while (lines.length > 0) {
    const line = lines.shift() ?? "";
    if (line.trim() === "") continue;
    const expectation = /^#=> (fails(?:: |$))?(.*)$/.exec(line);
    if (expectation !== null) {
      const last = steps.pop();
      if (last === undefined) throw new Error(`Cannot read the session: "${line}" follows no command`);
      const text = expectation[2] ?? "";
      steps.push({
        ...last,
        fails: last.fails || expectation[1] !== undefined,
        expected: [...last.expected, ...(text === "" ? [] : [text])],
      });
    } else if (line.startsWith("#")) {
      comments.push(line);
    } else {
      steps.push({ comments, command: takeCommand(line, lines), fails: false, expected: [] });
      comments = [];
    }
  }
  return steps;
}

/** A command goes on after a backslash at the end of a line, and until the word of its here-document. */
function takeCommand(first: string, rest: string[]): string {
  const command = [first];
  while (command.at(-1)?.endsWith("\\") === true && rest.length > 0) command.push(rest.shift() ?? "");
  const word = /<<-?\s*(['"]?)(\w+)\1/.exec(command.join("\n"))?.[2];
  if (word !== undefined) {
    do command.push(rest.shift() ?? "");
    while (command.at(-1) !== word && rest.length > 0);
  }
  return command.join("\n");
}
