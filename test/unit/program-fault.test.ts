import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { findProgramFault } from "../../src/apply/program-fault.ts";
import { viewRootfs } from "../../src/apply/rootfs-view.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";

const base = mkdtempSync(`${tmpdir()}/rkt-fault-`);
after(() => rmSync(base, { recursive: true }));
mkdirSync(`${base}/bin`);
mkdirSync(`${base}/lib`);

/** The head of a 64-bit ELF file, with PT_INTERP where a loader is given. */
function elf(machine: number, loader?: string): Buffer {
  const head = Buffer.alloc(256);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(loader === undefined ? 0 : 1, 56);
  if (loader !== undefined) {
    head.writeUInt32LE(3, 64);
    head.writeBigUInt64LE(128n, 72);
    head.writeBigUInt64LE(BigInt(loader.length + 1), 96);
    head.write(loader, 128);
  }
  return head;
}

const own = process.arch === "arm64" ? 183 : 62;
const foreign = own === 62 ? 183 : 62;

const put = (path: string, content: string | Buffer, mode = 0o755): void => writeFileSync(`${base}${path}`, content, { mode });
put("/bin/static", elf(own));
put("/bin/dynamic", elf(own, "/lib/ld.so"));
put("/lib/ld.so", elf(own));
put("/bin/no-loader", elf(own, "/lib/ld-musl.so"));
put("/bin/foreign", elf(foreign));
put("/bin/script", "#! /bin/static -x\n");
put("/bin/no-python", "#!/usr/bin/python3\n");
put("/bin/crlf", "#!/bin/static\r\n");
put("/bin/twice", "#!/bin/no-python\n");
put("/bin/loop", "#!/bin/loop\n");
put("/bin/to-data", "#!/bin/data\n");
put("/bin/data", "text", 0o644);
put("/bin/text", "echo hello\n");
put("/bin/empty", "");
put("/bin/nul-script", "#!/bin/static\0 x\n");
put("/bin/nul-loader", elf(own, "/lib/ld.so\0\0\0"));
put("/bin/cut", elf(own, "/lib/ld.so").subarray(0, 70));

/** A host without handlers of binfmt_misc, or with one. */
function hostWith(handlers: readonly string[]): Host {
  const host = createHost();
  const tryList = (path: string): string[] => (path === "/proc/sys/fs/binfmt_misc" ? [...handlers] : host.files.tryList(path));
  return { ...host, files: Object.assign(Object.create(host.files) as Host["files"], { tryList }) };
}

const plain = hostWith(["register", "status"]);
const view = viewRootfs(plain, [base]);

for (const [path, wanted] of [
  ["/bin/static", undefined],
  ["/bin/dynamic", undefined],
  ["/bin/script", undefined],
  ["/bin/loop", undefined],
  ["/bin/cut", undefined],
  ["/bin/nul-script", undefined],
  ["/bin/nul-loader", undefined],
  ["/bin/no-loader", /"\/bin\/no-loader" needs "\/lib\/ld-musl\.so", its dynamic loader, which the image does not have/],
  ["/bin/foreign", /"\/bin\/foreign" is a program for (aarch64|x86_64), not for this machine \((aarch64|x86_64)\)/],
  ["/bin/no-python", /needs "\/usr\/bin\/python3", the interpreter in its first line, which the image does not have/],
  ["/bin/crlf", /needs "\/bin\/static\\(r|x0d|u000d)"/i],
  ["/bin/twice", /"\/bin\/no-python" needs "\/usr\/bin\/python3"/],
  ["/bin/to-data", /needs "\/bin\/data", [^]*not an executable file/],
  ["/bin/text", /"\/bin\/text" is neither a program \(ELF\) nor a script/],
  ["/bin/empty", /is neither/],
] as const) {
  test(`${path}: ${wanted === undefined ? "nothing speaks against it" : "why it cannot be executed"}`, () => {
    const fault = findProgramFault(plain, view, path, []);
    if (wanted === undefined) assert.equal(fault, undefined);
    else assert.match(fault ?? "", wanted);
  });
}

test("what a mount covers is not judged", () => {
  assert.equal(findProgramFault(plain, view, "/bin/no-loader", ["/lib"]), undefined);
  assert.equal(findProgramFault(plain, view, "/bin/text", ["/bin"]), undefined);
});

test("a host with handlers of its own may run anything", () => {
  const host = hostWith(["register", "status", "qemu-aarch64"]);
  assert.equal(findProgramFault(host, view, "/bin/foreign", []), undefined);
  assert.equal(findProgramFault(host, view, "/bin/text", []), undefined);
});
