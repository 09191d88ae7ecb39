import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatPodPage } from "../../packaging/man/pod-page.ts";
import { escapeRoff } from "../../packaging/man/roff.ts";
import { APP_DIRECTIVES, APP_KEYS, POD_KEYS, SERVICE_KEYS, SOCKET_KEYS } from "../../src/spec/keys.ts";
import { readDeclarationText } from "../../src/spec/parse-declaration.ts";
import { parsePodName } from "../../src/base/id.ts";

const manual = readFileSync(join(import.meta.dirname, "../../packaging/man/rkt.pod.5"), "utf8");

test("rkt.pod(5) is what packaging/man/make-pod-manual.ts writes", () => {
  assert.equal(manual, formatPodPage());
});

test("rkt.pod(5) holds every key that the parser knows", () => {
  const keys = [...POD_KEYS, ...APP_KEYS].map((info) => info.key).concat(SERVICE_KEYS, SOCKET_KEYS, APP_DIRECTIVES);
  const missing = keys.filter((key) => !manual.includes(`\\fB${escapeRoff(key)}=\\fR`));
  assert.deepEqual(missing, []);
});

test("every example of rkt.pod(5) is read without a problem", () => {
  const apps = ["App main", "App db"].map((header) => `[${header}]\nImage=example.com/app\n`).join("");
  for (const { key, example } of POD_KEYS) {
    assert.ok(example.startsWith(`${key}=`));
    assert.deepEqual(read(`[Pod]\n${example}\n${apps}`), [], example);
  }
  for (const { key, example } of APP_KEYS) {
    assert.ok(example.startsWith(`${key}=`));
    const volume = key === "Mount" ? "[Pod]\nVolume=data,kind=empty\n" : "[Service]\nSetCredential=tls-key:x\n";
    assert.deepEqual(read(`${volume}${apps}[App main]\n${example}\n`), [], example);
  }
});

function read(text: string): string[] {
  return readDeclarationText(parsePodName("x"), [{ path: "x.pod", text }]).problems.map((problem) => problem.message);
}
