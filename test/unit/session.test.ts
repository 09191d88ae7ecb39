import assert from "node:assert/strict";
import { test } from "node:test";
import { extractSessions, parseSession } from "../lib/session.ts";

test("extractSessions takes the blocks that are marked sh", () => {
  assert.deepEqual(extractSessions("text\n```json\n{}\n```\n```sh\na\n```\n```sh\nb\n```\n"), ["a\n", "b\n"]);
});

test("parseSession reads comments, continuations, here-documents and expectations", () => {
  const text = `# first
a \\
  b
#=> one
#=> two

# second
cat >x <<'EOF'
# no comment
EOF
c
#=> fails: no
d
#=> fails
`;
  assert.deepEqual(parseSession(text), [
    { comments: ["# first"], command: "a \\\n  b", fails: false, expected: ["one", "two"] },
    { comments: ["# second"], command: "cat >x <<'EOF'\n# no comment\nEOF", fails: false, expected: [] },
    { comments: [], command: "c", fails: true, expected: ["no"] },
    { comments: [], command: "d", fails: true, expected: [] },
  ]);
});
