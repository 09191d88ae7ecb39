import assert from "node:assert/strict";
import { test } from "node:test";
import { readLines } from "../../src/journal/lines.ts";

async function linesOf(chunks: Iterable<string | Buffer>, limit?: number): Promise<(string | undefined)[]> {
  async function* stream(): AsyncGenerator<Buffer | string> {
    yield* chunks;
  }
  const lines: (string | undefined)[] = [];
  for await (const line of readLines(stream(), limit)) lines.push(line);
  return lines;
}

test("lines are put together from pieces, whatever their cuts", async () => {
  assert.deepEqual(await linesOf(["a", "b\nc\n", "\n", "d"]), ["ab", "c", "", "d"]);
  const bytes = Buffer.from("é\nü\n");
  assert.deepEqual(await linesOf([...bytes].map((byte) => Buffer.from([byte]))), ["é", "ü"]);
  assert.deepEqual(await linesOf([]), []);
});

test("a line that is too long is left out, the others are not", async () => {
  assert.deepEqual(await linesOf(["12345\n123456\n12", "3456\n1\n"], 5), ["12345", undefined, undefined, "1"]);
});

test("a line longer than any string holds up nothing", async () => {
  const piece = Buffer.alloc(1 << 20, "x");
  function* pieces(): Generator<Buffer | string> {
    for (let count = 0; count < 600; count += 1) yield piece;
    yield "\nafter\n";
  }
  assert.deepEqual(await linesOf(pieces()), [undefined, "after"]);
});
