import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatPodPage } from "../../packaging/man/pod-page.ts";
import { APP_DIRECTIVES, APP_KEYS, POD_KEYS, SERVICE_KEYS, SOCKET_KEYS } from "../../src/spec/keys.ts";
import { readDeclarationText } from "../../src/spec/parse-declaration.ts";
import { parsePodName } from "../../src/base/id.ts";

const manual = readFileSync(join(import.meta.dirname, "../../packaging/man/rkt.pod.5"), "utf8");

test("rkt.pod(5) is what packaging/man/make-pod-manual.ts writes", () => {
  assert.equal(manual, formatPodPage());
});

const known: Readonly<Record<string, readonly string[]>> = {
  POD: POD_KEYS.map((info) => info.key),
  "APP NAME": [...APP_KEYS.map((info) => info.key), ...APP_DIRECTIVES],
  SERVICE: SERVICE_KEYS,
  "SOCKET NAME": SOCKET_KEYS,
};

for (const [section, keys] of Object.entries(known)) {
  test(`rkt.pod(5) holds every key of [${section}] that the parser knows, and no other`, () => {
    const [, text = ""] = new RegExp(`^\\.SH "\\[${section}\\]"\n([^]*?)(?=^\\.SH )`, "m").exec(manual) ?? [];
    const shown = [...text.matchAll(/^\\fB(\w+)=\\fR,?$/gm)].map((found) => found[1] ?? "");
    assert.deepEqual(shown.toSorted(), keys.toSorted());
  });
}

test("a key that rkt.pod(5) does not have is an error", () => {
  const apps = "[App main]\nImage=example.com/app\n";
  for (const header of ["Pod", "Service", "App main", "Socket http"]) {
    assert.match(read(`${apps}[${header}]\nNoSuchKey=x\n`).join("\n"), /NoSuchKey/, header);
  }
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
