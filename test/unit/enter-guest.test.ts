import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Duplex } from "node:stream";
import { after, test } from "node:test";
import { promisify } from "node:util";

const PROGRAM = fileURLToPath(new URL("../../.build/native/guest", import.meta.url));
const BOOT = "0d3c1f4e-8f2a-4c57-9d6b-2a51c0e7f913";
const WORDS = ["-", "vm", BOOT, "rkt_enter-main-1.service", "main.service", "0", "0", "", "/", "/bin"];

function frame(kind: string, ...bytes: readonly number[]): Buffer {
  const length = bytes.length;
  return Buffer.from([kind.charCodeAt(0), length & 0xff, (length >> 8) & 0xff, length >> 16, ...bytes]);
}

const text = (kind: string, words: string): Buffer => frame(kind, ...Buffer.from(words));
const begun = [frame("H"), frame("B")];

interface Behaviour {
  readonly input?: string;
  readonly keepOpen?: boolean;
  /** Sent when something was printed. */
  readonly signals?: readonly NodeJS.Signals[];
}

/** What "rkt enter" becomes, before a guest that says all this. Descriptor 3 is the connection. */
async function enter(said: readonly Buffer[], { input = "", keepOpen = false, signals = [] }: Behaviour = {}) {
  const child = spawn(PROGRAM, ["enter", ...WORDS, "--", "cat", "a b"], { stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const guest = child.stdio[3] as Duplex;
  const parts = { heard: "", stdout: "", stderr: "" };
  guest.on("data", (bytes: Buffer) => (parts.heard += bytes.toString("latin1"))).on("error", () => undefined);
  child.stdout?.on("data", (bytes: Buffer) => (parts.stdout += bytes.toString("latin1")));
  child.stdout?.once("data", () => signals.forEach((signal) => child.kill(signal)));
  child.stderr?.on("data", (bytes: Buffer) => (parts.stderr += bytes.toString("latin1")));
  child.stdin?.on("error", () => undefined).end(input);
  for (const bytes of said) guest.write(bytes);
  if (!keepOpen) guest.end();
  const [status] = (await once(child, "close")) as [number | null];
  return { status, ...parts };
}

test("enter of a guest: streams apart, input with its end, and the command's status", async () => {
  const end = await enter([...begun, text("O", "out\n"), text("E", "err\n"), text("O", "put\n"), frame("X", 1, 7)], { keepOpen: true });
  assert.deepEqual([end.status, end.stdout, end.stderr], [7, "out\nput\n", "err\n"]);
  const request = `${BOOT}\0rkt_enter-main-1.service\0main.service\x000\x000\0\0/\0/bin\0\x000\x000\0cat\0a b\0`;
  assert.ok(end.heard.startsWith(`R${String.fromCharCode(request.length)}\0\0${request}`), JSON.stringify(end.heard));
  assert.equal((await enter([...begun, frame("X", 2, 15)])).status, 143);
});

test("enter of a guest: what it cannot do is said in rkt's words", async () => {
  const said = async (...frames: readonly Buffer[]) => {
    const { status, stderr } = await enter(frames);
    assert.equal(status, 254);
    return stderr;
  };
  assert.equal(await said(frame("F", 1, 0)), 'enter: Cannot enter pod "vm": eight commands run in it already\n');
  assert.equal(await said(frame("H"), frame("F", 2, 0)), 'enter: Cannot enter "main.service": it does not run in the pod\n');
  assert.equal(await said(frame("H"), frame("F", 3, 203)), 'enter: Cannot run "cat" in "main.service": the program cannot be executed\n');
  assert.equal(await said(...begun), 'enter: Cannot tell how "cat" ended: the pod has ended\n');
  assert.equal(await said(), 'enter: Cannot enter pod "vm": its guest does not answer\n');
});

test("enter of a guest: signals are the command's, but of one that does not care the third is the end", async () => {
  const silent = await enter([...begun, text("O", "on")], { keepOpen: true, signals: ["SIGINT", "SIGQUIT", "SIGTERM"] });
  assert.equal(silent.status, 128 + 15);
  for (const signal of [2, 3]) assert.ok(silent.heard.includes(`S\x01\0\0${String.fromCharCode(signal)}`), JSON.stringify(silent.heard));
});

test("enter of a guest: one that is hostile decides nothing", async () => {
  const hostile: Readonly<Record<string, readonly Buffer[]>> = {
    "a frame without end": [...begun, Buffer.from([0x4f, 0xff, 0xff, 0xff]), Buffer.alloc(100_000)],
    "output before the start": [frame("H"), text("O", "x")],
    "an end before the start": [frame("H"), frame("X", 1, 0)],
    "two starts": [...begun, frame("B")],
    "input taken that nobody sent": [...begun, frame("T", 0xff, 0xff, 0xff, 0xff)],
    "a signal that is none": [...begun, frame("X", 2, 0)],
    "an end that is none": [...begun, frame("X", 9, 0)],
    "a short end": [...begun, frame("X", 1)],
    "an unknown failure": [frame("H"), frame("F", 99, 0)],
    "another kind of frame": [...begun, frame("R", 0)],
    "no greeting": [frame("B")],
  };
  for (const [what, said] of Object.entries(hostile)) {
    const { status, stderr } = await enter(said);
    assert.deepEqual([status, stderr], [254, 'enter: Cannot enter pod "vm": its guest does not keep to what was agreed on\n'], what);
  }
});

test("a guest keeps what its command printed last, and the status, for a reader who takes their time", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rkt-enter-"));
  after(() => rmSync(folder, { recursive: true }));
  const reader = join(folder, "slow-reader");
  const sources = ["../lib/slow-reader.c", "../../src/stage1/kvm/guest-frames.c"].map((path) => join(import.meta.dirname, path));
  await promisify(execFile)("cc", ["-O1", "-Wall", "-o", reader, ...sources]);
  // In what the connection holds, in what the guest does, and in neither.
  const sizes = [3_000, 65_536, 300_000];
  const ends = await Promise.all(sizes.map(async (size) => (await promisify(execFile)(reader, [String(size)])).stdout));
  assert.deepEqual(
    ends,
    sizes.map((size) => `${size} bytes, then exited 7\n`),
  );
});
