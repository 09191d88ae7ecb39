import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, beforeEach, describe, it, test } from "node:test";
import { configLevels } from "../../src/config/config-levels.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { createHost } from "../../src/host/node-host.ts";
import { formatConfig } from "../../src/spec/format-config.ts";
import { settingsOf } from "../../src/spec/merge-config.ts";
import { parseConfig } from "../../src/spec/parse-config.ts";
import type { ConfigDirectory } from "../../src/spec/setting.ts";

const top = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "rkt-config-")));
const host = createHost();
const levels = ["lib", "etc", "user"].map((name) => ({ directory: join(top, name), uid: host.uid, top }));
after(() => fs.rmSync(top, { recursive: true, force: true }));

function put(path: string, content: object | string, mode = 0o600): void {
  fs.mkdirSync(dirname(join(top, path)), { recursive: true, mode: 0o755 });
  fs.writeFileSync(join(top, path), typeof content === "string" ? content : JSON.stringify({ rktVersion: "v1", ...content }));
  fs.chmodSync(join(top, path), mode);
}

const user = { user: "me", password: "secret" };
const basic = (...domains: string[]): object => ({ rktKind: "auth", domains, type: "basic", credentials: user });
const load = (directory: ConfigDirectory, warn?: (sentence: string) => void) =>
  loadConfig(host, directory, { levels, ...(warn === undefined ? {} : { warn }) });

test("a directory that the caller may not list is said to be that, with what helps", () => {
  const denied = (path: string): never => {
    throw Object.assign(new Error(`EACCES: permission denied, scandir '${path}'`), { code: "EACCES", path });
  };
  const closed = { ...host, files: { ...host.files, tryList: denied } };
  assert.throws(() => loadConfig(closed, "paths.d", { levels: [{ directory: "/etc/rkt" }] }), {
    code: "config-unreadable",
    message: 'Cannot read the configuration in "/etc/rkt/paths.d": permission denied',
    hint: 'Run rkt as root, or let everybody list it: "chmod a+rx /etc/rkt/paths.d"',
  });
  assert.throws(() => loadConfig(closed, "auth.d", { levels: [{ directory: "/etc/rkt" }] }), { hint: "Run rkt as root" });
});

describe("parseConfig", () => {
  const wrong: readonly (readonly [ConfigDirectory, object | string, RegExp])[] = [
    ["auth.d", "", /the file is no valid JSON/],
    ["auth.d", "[]", /"the file" is no object/],
    ["auth.d", "null", /"the file" is no object/],
    ["auth.d", `{"rktVersion":"v1","rktKind":"auth","\xff`, /no valid JSON/],
    ["auth.d", " ".repeat(70_000), /larger than 64 KiB/],
    ["auth.d", { ...basic("x"), rktVersion: "v2" }, /"rktVersion" is not "v1"/],
    ["auth.d", { rktKind: "paths", data: "/x" }, /"rktKind" is not "auth" or "dockerAuth"/],
    ["paths.d", basic("x"), /"rktKind" is not "paths"/],
    ["paths.d", { rktKind: "toString" }, /"rktKind" is not "paths"/],
    ["auth.d", { ...basic("x"), domain: ["y"] }, /"domain" is no field of it/],
    ["auth.d", basic(), /"domains" is empty/],
    ["auth.d", { ...basic(), domains: "x" }, /"domains" is no list/],
    ["auth.d", basic("x/y"), /"domains\[0\]" is "x\/y", which is not HOST/],
    ["auth.d", basic("a", "https://x"), /"domains\[1\]"/],
    ["auth.d", basic("*.x"), /which is not HOST/],
    ["auth.d", basic("x:99999"), /which is not HOST/],
    ["auth.d", basic("me@x"), /which is not HOST/],
    ["auth.d", { ...basic("x"), type: "digest" }, /"type" is none of basic, oauth, aws/],
    ["auth.d", { ...basic("x"), type: "constructor" }, /"type" is none of/],
    ["auth.d", { ...basic("x"), credentials: { user: "me" } }, /"credentials\.password" is no string/],
    ["auth.d", { ...basic("x"), credentials: { ...user, user: "a:b" } }, /basic cannot send/],
    ["auth.d", { ...basic("x"), credentials: { ...user, password: "a\r\nb" } }, /basic cannot send/],
    ["auth.d", { ...basic("x"), credentials: { ...user, pasword: "" } }, /"credentials\.pasword" is no field of it/],
    ["auth.d", { ...basic("x"), type: "oauth", credentials: { token: "a b" } }, /"credentials\.token" .* no header can carry/],
    ["auth.d", { ...basic("x"), type: "aws", credentials: { accessKeyID: "a", secretAccessKey: "" } }, /secretAccessKey/],
    ["auth.d", { rktKind: "dockerAuth", registries: [], credentials: user }, /"registries" is empty/],
    ["auth.d", { rktKind: "dockerAuth", registries: ["x"], credentials: { user: "", password: "x" } }, /empty user or password/],
    ["paths.d", { rktKind: "paths", data: "srv" }, /"data" is no absolute path/],
    ["paths.d", { rktKind: "paths", "stage1-images": "/a/../b" }, /"stage1-images" is no absolute path/],
    ["paths.d", { rktKind: "paths", data: "/a\0b" }, /"data" holds a NUL/],
    ["stage1.d", { rktKind: "stage1", name: "coreos.com/rkt/stage1-fly" }, /"name" and "version" go together/],
    ["stage1.d", { rktKind: "stage1", name: "Wrong Name", version: "1" }, /"name": /],
    ["stage1.d", { rktKind: "stage1", location: "stage1.aci" }, /"location" is neither/],
    ["stage1.d", { rktKind: "stage1", location: "ftp://x/y" }, /"location" is neither/],
    ["stage1.d", { rktKind: "paths", data: "/x" }, /"rktKind" is not "stage1" or "kvm"/],
    ["stage1.d", { rktKind: "kvm", hypervisors: [] }, /"hypervisors" is empty/],
    ["stage1.d", { rktKind: "kvm", hypervisors: "qemu" }, /"hypervisors" is no list/],
    ["stage1.d", { rktKind: "kvm", hypervisors: ["qemu", "qemu"] }, /"hypervisors" names "qemu" twice/],
    ["stage1.d", { rktKind: "kvm", emulation: "yes" }, /"emulation" is neither true nor false/],
    ["stage1.d", { rktKind: "kvm", kernel: "vmlinuz" }, /"kernel" is neither "auto" nor an absolute path/],
    ["stage1.d", { rktKind: "kvm", memory: 1 }, /"memory" is no field of it/],
  ];
  for (const [directory, content, message] of wrong) {
    const text = typeof content === "string" ? content : JSON.stringify({ rktVersion: "v1", ...content });
    it(`refuses ${text.trim().slice(0, 110)}`, () => {
      const parse = (): unknown => parseConfig(text, "/etc/rkt/x.json", directory);
      assert.throws(parse, (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, "config-invalid");
        assert.match(error.message, /^Cannot use "\/etc\/rkt\/x\.json": /);
        assert.match(error.message, message);
        assert.ok(error.hint);
        assert.ok(!`${error.message}${error.hint}`.includes('secret"'), "no secret is shown");
        return true;
      });
    });
  }

  it("takes hosts as URLs have them, and paths without what they do not need", () => {
    const [one, two, three] = parseConfig(
      JSON.stringify({ rktVersion: "v1", ...basic("Example.COM:443", "[::1]:8443", "bücher.example") }),
      "x",
      "auth.d",
    );
    assert.deepEqual(
      [one, two, three].map((setting) => setting?.kind === "auth" && setting.domain),
      ["example.com", "[::1]:8443", "xn--bcher-kva.example"],
    );
    assert.deepEqual(parseConfig(`{"rktVersion":"v1","rktKind":"paths","data":"//srv//rkt/"}`, "x", "paths.d"), [
      { kind: "paths", field: "data", path: "/srv/rkt" },
    ]);
  });
});

describe("loadConfig", () => {
  beforeEach(() => {
    for (const name of ["lib", "etc", "user"]) fs.rmSync(join(top, name), { recursive: true, force: true });
  });

  it("finds nothing where there is nothing", () => {
    assert.deepEqual(formatConfig(load("auth.d")), { stage0: [] });
  });

  it("overrides key by key, the user's over the administrator's over the system's", () => {
    put("lib/auth.d/a.json", basic("one", "two"));
    put("etc/auth.d/z.json", { ...basic("two"), type: "oauth", credentials: { token: "t" } });
    put("user/auth.d/a.json", { rktKind: "dockerAuth", registries: ["two"], credentials: user });
    put("lib/paths.d/x.json", { rktKind: "paths", data: "/one", "stage1-images": "/images" });
    put("user/paths.d/x.json", { rktKind: "paths", data: "/two" });
    put("lib/stage1.d/x.json", { rktKind: "stage1", name: "coreos.com/rkt/stage1-coreos", version: "1", location: "/x.aci" });
    put("etc/stage1.d/x.json", { rktKind: "stage1", name: "coreos.com/rkt/stage1-fly", version: "2" });
    put("lib/stage1.d/y.json", { rktKind: "kvm", hypervisors: ["qemu", "lkvm"], emulation: true });
    put("etc/stage1.d/y.json", { rktKind: "kvm", hypervisors: ["lkvm"], kernel: "/boot//bzImage" });
    const config = (["auth.d", "paths.d", "stage1.d"] as const).flatMap((directory) => load(directory));
    assert.deepEqual(formatConfig(config).stage0, [
      { rktVersion: "v1", rktKind: "auth", domains: ["one"], type: "basic", credentials: user },
      { rktVersion: "v1", rktKind: "auth", domains: ["two"], type: "oauth", credentials: { token: "t" } },
      { rktVersion: "v1", rktKind: "dockerAuth", registries: ["two"], credentials: user },
      { rktVersion: "v1", rktKind: "paths", data: "/two", "stage1-images": "/images" },
      { rktVersion: "v1", rktKind: "stage1", name: "coreos.com/rkt/stage1-fly", version: "2", location: "/x.aci" },
      { rktVersion: "v1", rktKind: "kvm", hypervisors: ["lkvm"], emulation: true, kernel: "/boot/bzImage" },
    ]);
    assert.deepEqual(
      settingsOf(config, "paths").map(({ path }) => path),
      [join(top, "user/paths.d/x.json"), join(top, "lib/paths.d/x.json")],
    );
  });

  it("prints what it would read again", () => {
    put("etc/auth.d/a.json", {
      ...basic("x"),
      type: "aws",
      credentials: { accessKeyID: "a", secretAccessKey: "b", awsRegion: "eu-west-1" },
    });
    put("etc/auth.d/b.json", { rktKind: "dockerAuth", registries: ["r:5000"], credentials: user });
    const config = load("auth.d");
    const again = formatConfig(config).stage0.flatMap((object) => parseConfig(JSON.stringify(object), "x", "auth.d"));
    assert.deepEqual(
      again,
      config.map(({ setting }) => setting),
    );
  });

  it("refuses what one level says twice, and names both files", () => {
    put("etc/auth.d/a.json", basic("x"));
    put("etc/auth.d/b.json", basic("y", "X"));
    assert.throws(() => load("auth.d"), {
      code: "config-twice",
      message: /etc\/auth\.d\/b\.json": auth for "x" is said in ".*etc\/auth\.d\/a\.json" too/,
    });
    put("etc/paths.d/a.json", { rktKind: "paths", data: "/x" });
    put("etc/paths.d/b.json", { rktKind: "paths", data: "/x" });
    assert.throws(() => load("paths.d"), { code: "config-twice", message: /path "data" is said in/ });
    put("etc/stage1.d/a.json", { rktKind: "stage1", name: "x", version: "1" });
    put("etc/stage1.d/b.json", { rktKind: "stage1", name: "y", version: "1" });
    assert.throws(() => load("stage1.d"), { code: "config-twice", message: /"name" and "version" of stage1/ });
    put("lib/auth.d/a.json", basic("z", "z"));
    assert.throws(() => load("auth.d"), { code: "config-twice", message: /lib\/auth\.d\/a\.json": auth for "z" is said twice in it/ });
  });

  it("reads regular files *.json, links to such too, and nothing below", () => {
    put("etc/auth.d/a.json", basic("a"));
    put("elsewhere/b.json", basic("b"));
    fs.symlinkSync("../../elsewhere/b.json", join(top, "etc/auth.d/b.json"));
    fs.symlinkSync("/dev/null", join(top, "etc/auth.d/c.json"));
    put("etc/auth.d/d.json/e.json", basic("e"));
    put("etc/auth.d/f.conf", basic("f"));
    put("etc/auth.d/.g.json", "left by an editor");
    const found = settingsOf(load("auth.d"), "auth").map(({ setting }) => setting.domain);
    assert.deepEqual(found, ["a", "b"]);
    fs.symlinkSync("nowhere", join(top, "etc/auth.d/h.json"));
    assert.throws(() => load("auth.d"), { code: "config-unreadable", message: /h\.json": it leads to nothing/ });
  });

  it("refuses a file that others can write, or a directory of it, and warns of credentials that everybody reads", () => {
    put("etc/auth.d/a.json", basic("a"), 0o644);
    const warnings: string[] = [];
    load("auth.d", (sentence) => void warnings.push(sentence));
    assert.match(warnings.join("\n"), /^warning: everybody can read the credentials in ".*etc\/auth\.d\/a\.json"; "chmod 0600"/);
    fs.chmodSync(join(top, "etc/auth.d/a.json"), 0o640);
    load("auth.d", assert.fail);
    fs.chmodSync(join(top, "etc/auth.d/a.json"), 0o660);
    assert.throws(() => load("auth.d"), { code: "not-root-owned", message: /a\.json": it can be written by a group/ });
    fs.chmodSync(join(top, "etc/auth.d/a.json"), 0o600);
    fs.chmodSync(join(top, "etc/auth.d"), 0o777);
    assert.throws(() => load("auth.d"), { code: "not-root-owned", message: /auth\.d" can be written by anyone/ });
  });

  it("stops at a file that is too large, and at too many", () => {
    put("etc/paths.d/a.json", " ".repeat(65 * 1024));
    assert.throws(() => load("paths.d"), { code: "config-invalid", message: /larger than 64 KiB/ });
    for (let count = 0; count <= 1000; count += 1) put(`etc/auth.d/${count}.json`, "");
    assert.throws(() => load("auth.d"), { code: "config-invalid", message: /more than 1000 files/ });
  });
});

describe("configLevels", () => {
  it("lets a user's files be his, and the host's be root's only", () => {
    const paths = { libDir: "/usr/lib/rkt", etcDir: "/etc/rkt", userDir: "/srv/me" };
    assert.deepEqual(configLevels({ uid: 1000 }, paths), [
      { directory: "/usr/lib/rkt" },
      { directory: "/etc/rkt" },
      { directory: "/srv/me", uid: 1000 },
    ]);
  });
});
