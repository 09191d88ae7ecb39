import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { mergeLines } from "../../src/journal/merge.ts";

async function* lines(...times: readonly (number | string)[]): AsyncGenerator<string> {
  for (const time of times) yield typeof time === "string" ? time : `{"__REALTIME_TIMESTAMP":"${time}"}`;
}

async function collect(source: AsyncIterable<string | undefined>): Promise<string[]> {
  const result: string[] = [];
  for await (const line of source) result.push(/"([0-9]+)"/.exec(line ?? "")?.[1] ?? line ?? "");
  return result;
}

test("entries of several journals come in the order of their times", async () => {
  assert.deepEqual(await collect(mergeLines([lines(1, 4, 5), lines(2, 3, 6), lines()])), ["1", "2", "3", "4", "5", "6"]);
});

test("each journal keeps its own order, and an entry without a time comes at once", async () => {
  assert.deepEqual(await collect(mergeLines([lines(5, 1, 2), lines(3)])), ["3", "5", "1", "2"]);
  assert.deepEqual(await collect(mergeLines([lines("none", 9), lines(3)])), ["none", "3", "9"]);
});

test("a journal that is followed and has nothing to say holds no other up", async () => {
  const silent: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
  const seen: (string | undefined)[] = [];
  for await (const line of mergeLines([silent, lines(1, 2)], { follow: true })) {
    seen.push(line);
    if (seen.length === 2) break;
  }
  assert.equal(seen.length, 2);
});

test("a journal that is followed and begins late is in its place all the same", async () => {
  async function* late(): AsyncGenerator<string> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    yield* lines(1, 3);
  }
  assert.deepEqual(await collect(mergeLines([lines(2, 4), late()], { follow: true })), ["1", "2", "3", "4"]);
});

test("a journal that is followed and silent keeps nothing of what others say", () => {
  // In a process of its own, without what a test keeps of promises.
  const script = `import { mergeLines } from ${JSON.stringify(import.meta.resolve("../../src/journal/merge.ts"))};
    async function* many() {
      for (let index = 0; index < 12_000; index += 1) yield '{"__REALTIME_TIMESTAMP":"' + index + '"}';
    }
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
    const heap = () => (globalThis.gc(), process.memoryUsage().heapUsed);
    let seen = 0;
    let before = 0;
    for await (const line of mergeLines([silent, many()], { follow: true })) {
      seen += 1;
      if (seen === 1000) before = heap();
      if (seen === 11_000) { console.log(heap() - before); break; }
    }`;
  const kept = Number(execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "--eval", script]));
  assert.ok(kept < 2_000_000, `${kept} bytes of 10000 lines`);
});

test("what goes wrong in one journal is thrown", async () => {
  async function* failing(): AsyncGenerator<string> {
    yield `{"__REALTIME_TIMESTAMP":"1"}`;
    throw new Error("broken");
  }
  await assert.rejects(collect(mergeLines([failing(), lines(2)])), /broken/);
});
