import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { chooseMode, endpointsOf } from "../../src/cli/attach-mode.ts";
import { attachPacket, inputMessages, windowPacket } from "../../src/host/dtach-packets.ts";
import type { Annotation } from "../../src/spec/appc.ts";
import {
  hasTerminal,
  parseStreamMode,
  readStreamAnnotations,
  silentStreams,
  streamsOf,
  terminalStreams,
} from "../../src/spec/app-streams.ts";

const note = (name: string, value: string): Annotation => ({ name: `coreos.com/rkt/stage2/${name}` as Annotation["name"], value });

test("modes of streams: the original's words, streams refused with what to use instead", () => {
  assert.equal(parseStreamMode("stdin", "tty", "--stdin"), "tty");
  assert.throws(() => parseStreamMode("stdin", "log", "--stdin"), { message: 'Cannot use "log" as --stdin', hint: "It takes null, tty" });
  assert.throws(() => parseStreamMode("stdout", "stream", "--stdout"), { code: "stream-mode", hint: /rkt logs -f/ });
  assert.equal(streamsOf({ stdin: "null", stdout: "log" }), undefined);
  assert.deepEqual(streamsOf({ stderr: "tty" }), { stdin: "null", stdout: "log", stderr: "tty" });
  assert.deepEqual([undefined, silentStreams, terminalStreams].map(hasTerminal), [false, false, true]);
});

test("annotations of a pod manifest say the modes, and nothing that is not there", () => {
  assert.equal(readStreamAnnotations(undefined), undefined);
  assert.equal(readStreamAnnotations([note("stdout", "log"), note("other", "tty")]), undefined);
  assert.deepEqual(readStreamAnnotations([note("stdin", "tty"), note("stderr", "null")]), { stdin: "tty", stdout: "log", stderr: "null" });
  assert.throws(() => readStreamAnnotations([note("stdin", "interactive")]), { code: "stream-mode" });
});

test("what there is to attach to, and what was asked for", () => {
  const plain = { stdin: "null", stdout: "log", stderr: "log" } as const;
  assert.deepEqual(endpointsOf(undefined), []);
  assert.deepEqual(endpointsOf({ ...plain, stderr: "tty" }), ["tty-out"]);
  assert.deepEqual(endpointsOf(terminalStreams), ["tty-in", "tty-out"]);
  const both = endpointsOf(terminalStreams);
  assert.equal(chooseMode("list", both), "list");
  for (const text of ["auto", "tty", "tty-in,tty-out"]) assert.deepEqual(chooseMode(text, both), both);
  assert.deepEqual(chooseMode("tty-in", both), ["tty-in"]);
  assert.throws(() => chooseMode("tty-in", ["tty-out"]), { message: "Cannot attach to tty-in: the app's terminal has only tty-out" });
  assert.throws(() => chooseMode("stdin,tty-out", both), { code: "attach-mode" });
  assert.throws(() => chooseMode("", both), { code: "usage" });
});

test("packets of ten bytes, and messages of whole ones", () => {
  assert.deepEqual([...attachPacket()], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...windowPacket({ columns: 0x0150, rows: 40 }, "resize")], [3, 0, 40, 0, 0x50, 1, 0, 0, 0, 0]);
  assert.deepEqual([...windowPacket({ columns: 80, rows: 24 }, "redraw")].slice(0, 6), [4, 3, 24, 0, 80, 0]);
  assert.deepEqual([...inputMessages(Buffer.alloc(0))], []);
  const [hello, ...others] = inputMessages(Buffer.from("hello, you"));
  assert.deepEqual([...(hello ?? [])], [0, 8, ...Buffer.from("hello, y"), 0, 2, ...Buffer.from("ou"), 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(others, []);
  const typed = Buffer.from(Array.from({ length: 3001 }, (_, index) => index % 251));
  const messages = [...inputMessages(typed)];
  assert.ok(messages.every((message) => message.length % 10 === 0 && message.length <= 640));
  const bytes = messages.flatMap((message) => {
    const packets = Array.from({ length: message.length / 10 }, (_, index) => message.subarray(index * 10, index * 10 + 10));
    return packets.flatMap((packet) => [...packet.subarray(2, 2 + (packet[1] ?? 0))]);
  });
  assert.deepEqual(bytes, [...typed]);
});

/** What comes from an app that writes `output`, takes nothing that is typed, and ends. */
async function attachTo(output: Buffer): Promise<{ readonly shown: Buffer; readonly said: string }> {
  const directory = mkdtempSync(`${tmpdir()}/rkt-attach-`);
  const server = createServer((app) => {
    app.pause();
    app.on("error", () => undefined);
    // The child types by then: the app ends with that unread.
    app.write(output, () => setTimeout(() => app.destroy(), 50));
  });
  try {
    await once(server.listen(`${directory}/socket`), "listening");
    const joined = connect(`${directory}/socket`);
    await once(joined, "connect");
    const script = `import { attachTerminal } from ${JSON.stringify(import.meta.resolve("../../src/host/attach-terminal.ts"))};
      console.error(JSON.stringify(await attachTerminal(3, { input: true, output: true })));
      process.exit();`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["pipe", "pipe", "pipe", joined] });
    joined.destroy();
    const typing = setInterval(() => child.stdin?.write("typed\n"), 1);
    child.stdin?.on("error", () => undefined);
    const said = text(child.stderr as Readable);
    const shown: Buffer[] = [];
    // Slower than it comes, so that the end is met with output on its way.
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      shown.push(chunk);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    clearInterval(typing);
    return { shown: Buffer.concat(shown), said: await said };
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
}

test("an app that ends with what was typed unread has all of its output shown", async () => {
  const output = Buffer.alloc(150_000, "output of the app\n");
  const { shown, said } = await attachTo(output);
  assert.equal(said, '"ended"\n');
  assert.equal(shown.length, output.length);
});
