import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImageReference } from "../../src/spec/image-reference.ts";

const HASH = `sha512-${"a1".repeat(64)}`;
const GOOD: readonly (readonly [text: string, reference: unknown])[] = [
  ["sha512-ab", { kind: "hash", prefix: "sha512-ab" }],
  [HASH, { kind: "hash", prefix: HASH }],
  ["coreos.com/etcd", { kind: "name", name: "coreos.com/etcd", labels: [] }],
  ["coreos.com/etcd:v3.5", { kind: "name", name: "coreos.com/etcd", labels: [{ name: "version", value: "v3.5" }] }],
  [
    "my-app:v1,os=linux,arch=amd64",
    {
      kind: "name",
      name: "my-app",
      labels: [
        { name: "version", value: "v1" },
        { name: "os", value: "linux" },
        { name: "arch", value: "amd64" },
      ],
    },
  ],
  ["a.com/b,version=1.0", { kind: "name", name: "a.com/b", labels: [{ name: "version", value: "1.0" }] }],
  ["/srv/a.aci", { kind: "path", path: "/srv/a.aci" }],
  ["/srv/any", { kind: "path", path: "/srv/any" }],
  ["./a", { kind: "path", path: "./a" }],
  ["../a", { kind: "path", path: "../a" }],
  ["a.aci", { kind: "path", path: "a.aci" }],
  ["file:///srv/a%20b.aci", { kind: "path", path: "/srv/a b.aci" }],
  ["https://example.com/a.aci", { kind: "url", url: "https://example.com/a.aci", scheme: "https" }],
  ["http://example.com:8080/x/a.aci?y=1", { kind: "url", url: "http://example.com:8080/x/a.aci?y=1", scheme: "http" }],
  ["docker://busybox:1", { kind: "oci", reference: "docker://busybox:1" }],
  ["docker:busybox", { kind: "oci", reference: "docker:busybox" }],
  ["oci:/srv/layout", { kind: "oci", reference: "oci:/srv/layout" }],
];

test("an image string means what it meant to the original", () => {
  for (const [text, reference] of GOOD) assert.deepEqual(parseImageReference(text), reference, text);
});

const BAD: readonly string[] = [
  ...[
    "",
    " ",
    "a b",
    "sha512-",
    "sha512-a",
    "sha512-AB",
    "sha512-zz",
    "A.com/x",
    "a:",
    "a:1:2",
    "a,b",
    "a,=x",
    "a:1,version=2",
    "a,name=b",
  ],
  ...[
    "ftp://x/a.aci",
    "https://example.com/a",
    "https://u:p@example.com/a.aci",
    "https:///a.aci",
    "file://host/a.aci",
    "file:a",
    "file:///a%00",
    "a\nb",
  ],
];

test("what is no image string is refused", () => {
  for (const text of BAD) assert.throws(() => parseImageReference(text), /image|AC identifier/i, text);
});
