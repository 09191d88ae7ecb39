import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, describe, it } from "node:test";
import { resolveProgram } from "../../src/apply/program.ts";
import { viewRootfs } from "../../src/apply/rootfs-view.ts";
import { listKnownIds, resolveUser } from "../../src/apply/users.ts";
import { createHost } from "../../src/host/node-host.ts";

const base = mkdtempSync(`${tmpdir()}/rkt-view-`);
after(() => rmSync(base, { recursive: true }));

const lower = `${base}/lower`;
const upper = `${base}/upper`;
for (const path of ["etc", "usr/bin", "usr/sbin", "opt/tool"]) mkdirSync(`${lower}/${path}`, { recursive: true });
mkdirSync(`${upper}/etc`, { recursive: true });
symlinkSync("usr/bin", `${lower}/bin`);
symlinkSync("/../../../../../etc/shadow", `${lower}/escape`);
symlinkSync("loop", `${lower}/loop`);
symlinkSync("/etc", `${lower}/opt/etc`);
writeFileSync(`${lower}/usr/bin/server`, "#!", { mode: 0o755 });
writeFileSync(`${lower}/usr/bin/data`, "x", { mode: 0o644 });
writeFileSync(`${lower}/etc/passwd`, "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/var/www:/bin/false\nbroken\n");
writeFileSync(`${lower}/etc/group`, "root:x:0:\nwww:x:34:\nlog:x:4:web\n");
writeFileSync(`${lower}/opt/tool/x`, "");
writeFileSync(`${upper}/opt`, "hides the directory below");
writeFileSync(`${upper}/etc/hosts`, "upper");
writeFileSync(`${lower}/etc/hosts`, "lower");

const view = viewRootfs(createHost(), [upper, lower]);

describe("viewRootfs", () => {
  it("takes a file from the topmost layer", () => assert.equal(view.readText("/etc/hosts"), "upper"));
  it("merges directories", () => assert.deepEqual(view.list("/etc"), ["group", "hosts", "passwd"]));
  it("hides a directory below a file of an upper layer", () => {
    assert.equal(view.stat("/opt")?.type, "file");
    assert.equal(view.locate("/opt/tool/x"), undefined);
  });
  it("resolves links inside the image only", () => {
    assert.equal(view.resolve("/bin/server"), "/usr/bin/server");
    assert.equal(view.resolve("/escape"), "/etc/shadow");
    assert.equal(view.stat("/escape"), undefined);
    assert.equal(view.resolve("/../.."), "/");
  });
  it("refuses a loop of links", () => assert.throws(() => view.resolve("/loop"), /too many links/));
});

describe("listKnownIds", () => {
  it("has the numbers of passwd and group, once each", () =>
    assert.deepEqual(listKnownIds(view), { knownUids: [0, 33], knownGids: [0, 4, 34] }));
});

describe("resolveProgram", () => {
  const options = { workingDirectory: "/usr", path: "/sbin:/bin" };
  for (const [program, expected] of [
    ["/usr/bin/server", "/usr/bin/server"],
    ["server", "/bin/server"],
    ["bin/server", "/usr/bin/server"],
  ] as const) {
    it(`finds ${program}`, () => assert.equal(resolveProgram(view, program, options), expected));
  }
  it("refuses a program that is missing", () => assert.throws(() => resolveProgram(view, "nope", options), /has no program "nope"/));
  it("refuses a file that is not executable", () =>
    assert.throws(() => resolveProgram(view, "/usr/bin/data", options), /not an executable/));
  it("refuses a link that leads to a file of the host only", () =>
    assert.throws(() => resolveProgram(view, "/escape", options), /has no program/));
});

describe("resolveUser", () => {
  const wanted = (user: string, group: string | undefined, supplementaryGroups: string[] = []) =>
    resolveUser(view, { user, group, supplementaryGroups });
  it("knows names of the image", () =>
    assert.deepEqual(wanted("web", "www", ["log"]), {
      uid: 33,
      gid: 34,
      supplementaryGids: [4],
      name: "web",
      home: "/var/www",
      shell: "/bin/false",
    }));
  it("takes the primary group where none is said", () => assert.equal(wanted("web", undefined).gid, 34));
  it("takes the user's own group where docker2aci writes one that is not there", () => {
    const converted = { user: "web", group: "web", supplementaryGroups: [] };
    assert.equal(resolveUser(view, { ...converted, fromDocker: true }).gid, 34);
    assert.throws(() => resolveUser(view, converted), /group "web" is not known/);
  });
  it("gives a user who is named the groups that name the user, and a number none", () => {
    assert.deepEqual(wanted("web", "log").supplementaryGids, []);
    assert.deepEqual(wanted("web", undefined, ["0"]).supplementaryGids, [0, 4]);
    assert.deepEqual(wanted("33", undefined).supplementaryGids, []);
  });
  it("takes numbers as they are", () => assert.deepEqual(wanted("1000", "2000"), { uid: 1000, gid: 2000, supplementaryGids: [] }));
  it("takes the owner of a path", () => assert.equal(wanted("/etc/hosts", "0").uid, process.getuid?.()));
  it("refuses a name that the image does not know", () => assert.throws(() => wanted("nobody", "0"), /user "nobody" is not known/));
  it("refuses numbers that mean nobody", () => assert.throws(() => wanted("4294967295", "0"), /no usable number/));
});
