import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { untilQuiet } from "../../src/host/terminal.ts";

const never = new Promise<void>(() => undefined);

/** How many pieces had come when it was quiet, or long enough; one comes every 20 ms. */
async function piecesUntilQuiet(count: number, patience: { readonly piece: number; readonly all: number }): Promise<number> {
  const stream = new PassThrough();
  let sent = 0;
  const writer = setInterval(() => {
    if (sent === count) return;
    stream.write("x");
    sent += 1;
  }, 20);
  await untilQuiet(stream, never, patience);
  clearInterval(writer);
  return sent;
}

test("last bytes are waited for as long as they come", async () => {
  assert.equal(await piecesUntilQuiet(30, { piece: 300, all: 60_000 }), 30);
});

test("what comes for ever is not waited for", async () => {
  assert.ok((await piecesUntilQuiet(Infinity, { piece: 1000, all: 100 })) > 0);
});

test("nothing is waited for when the other side has ended", async () => {
  const begun = performance.now();
  await untilQuiet(new PassThrough(), Promise.resolve(), { piece: 10_000, all: 10_000 });
  assert.ok(performance.now() - begun < 5000);
});
