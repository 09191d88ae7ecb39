import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIsolator } from "../../src/spec/isolators.ts";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";
import { parsePodManifest } from "../../src/spec/pod-manifest.ts";
import { parseAcIdentifier } from "../../src/base/id.ts";

const ID = `sha512-${"0".repeat(128)}`;
const APP = { exec: ["/bin/a"], user: "0", group: "0" };
const IMAGE = { acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/a" };
const POD = { acKind: "PodManifest", acVersion: "0.8.11", apps: [{ name: "a", image: { id: ID } }] };

test("a whole image manifest is read, unknown keys are dropped", () => {
  const manifest = {
    ...IMAGE,
    labels: [
      { name: "os", value: "linux" },
      { name: "arch", value: "amd64" },
      { name: "version", value: "1" },
    ],
    app: {
      ...APP,
      supplementaryGIDs: [7],
      workingDirectory: "/srv",
      eventHandlers: [{ name: "pre-start", exec: ["/bin/b"] }],
      environment: [{ name: "A.b-c", value: "x\ny" }],
      mountPoints: [{ name: "data", path: "/data", readOnly: true }],
      ports: [{ name: "http", protocol: "tcp", port: 80, count: 2, socketActivated: true }],
      isolators: [{ name: "resource/memory", value: { limit: "1Gi" } }],
      userLabels: { a: "b" },
    },
    dependencies: [{ imageName: "example.com/base", imageID: ID, labels: [{ name: "version", value: "2" }], size: 10 }],
    pathWhitelist: ["/bin"],
    annotations: [{ name: "created", value: "2016-01-01T00:00:00Z" }],
  };
  assert.deepEqual(parseImageManifest(JSON.stringify({ ...manifest, other: 1 })), manifest);
  assert.deepEqual(parseImageManifest(Buffer.from(JSON.stringify(IMAGE))), IMAGE);
});

const BAD_IMAGES: readonly (readonly [change: object, message: RegExp])[] = [
  [{ acKind: "PodManifest" }, /"acKind" is not "ImageManifest"/],
  [{ acVersion: "0.0.0" }, /no version/],
  [{ acVersion: 1 }, /"acVersion" is no string/],
  [{ name: "Example.com" }, /"name": Cannot read "Example.com"/],
  [{ labels: {} }, /"labels" is no list/],
  [{ labels: [{ name: "name", value: "x" }] }, /forbids/],
  [
    {
      labels: [
        { name: "a", value: "x" },
        { name: "a", value: "y" },
      ],
    },
    /"a" twice/,
  ],
  [{ labels: [{ name: "arch", value: "amd64" }] }, /no "os"/],
  [{ labels: [{ name: "os", value: "constructor" }] }, /unknown "os"/],
  [
    {
      labels: [
        { name: "os", value: "linux" },
        { name: "arch", value: "x86" },
      ],
    },
    /unknown "arch"/,
  ],
  [{ app: { ...APP, user: "" } }, /"app.user"/],
  [{ app: { exec: [], user: "0" } }, /"app.group"/],
  [{ app: { ...APP, exec: ["a\0"] } }, /"app.exec\[0\]" holds a NUL/],
  [{ app: { ...APP, workingDirectory: "srv" } }, /no absolute path/],
  [{ app: { ...APP, environment: [{ name: "A=B", value: "" }] } }, /environment variable/],
  [
    {
      app: {
        ...APP,
        environment: [
          { name: "A", value: "" },
          { name: "A", value: "" },
        ],
      },
    },
    /twice/,
  ],
  [{ app: { ...APP, ports: [{ name: "a", protocol: "tcp", port: 0 }] } }, /from 1 to 65535/],
  [{ app: { ...APP, ports: [{ name: "a", protocol: "sctp", port: 1 }] } }, /neither "tcp"/],
  [{ app: { ...APP, eventHandlers: [{ name: "boot", exec: ["/x"] }] } }, /pre-start/],
  [{ app: { ...APP, isolators: [{ name: "os/linux/unheard-of", value: {} }] } }, /does not know it/],
  [{ app: { ...APP, mountPoints: [{ name: "a b", path: "/x" }] } }, /AC name/],
  [{ dependencies: [{ imageName: "a", imageID: "sha512-1" }] }, /image ID/],
  [{ pathWhitelist: ["/a/../b"] }, /absolute/],
];

test("a wrong image manifest is refused with the place", () => {
  for (const [change, message] of BAD_IMAGES) assert.throws(() => parseImageManifest(JSON.stringify({ ...IMAGE, ...change })), message);
  for (const text of ["", "[]", "{", "null", '"x"', " ".repeat(2 ** 21)])
    assert.throws(() => parseImageManifest(text), { code: "manifest-invalid" });
  assert.throws(() => parseImageManifest('{"__proto__": {"acKind": "ImageManifest"}}'), { code: "manifest-invalid" });
});

test("a pod manifest is read with rkt's volume kinds", () => {
  const manifest = {
    ...POD,
    apps: [{ name: "a", image: { id: ID, name: "example.com/a" }, app: APP, readOnlyRootFS: true, mounts: [{ volume: "v", path: "/v" }] }],
    volumes: [
      { name: "v", kind: "host", source: "/srv", readOnly: true, recursive: false },
      { name: "t", kind: "tmpfs", size: 100, mode: "0755", uid: 1, gid: 2 },
    ],
    ports: [{ name: "http", hostPort: 80, hostIP: "::1" }],
    userAnnotations: { a: "b" },
  };
  assert.deepEqual(parsePodManifest(JSON.stringify(manifest)), manifest);
});

const BAD_PODS: readonly (readonly [change: object, message: RegExp])[] = [
  [{ apps: [...POD.apps, ...POD.apps] }, /"a" twice/],
  [{ apps: [{ name: "a", image: {} }] }, /"apps\[0\].image.id"/],
  [{ apps: [{ name: "a", image: { id: ID }, mounts: [{ volume: "v", path: "/v" }] }] }, /does not have/],
  [{ volumes: [{ name: "v", kind: "disk" }] }, /none of/],
  [{ volumes: [{ name: "v", kind: "host" }] }, /without "source"/],
  [{ volumes: [{ name: "v", kind: "host", source: "/x", uid: 0 }] }, /mode, uid or gid/],
  [{ ports: [{ name: "a", hostPort: 0 }] }, /hostPort/],
  [{ ports: [{ name: "a", hostPort: 1, hostIP: "x" }] }, /no IP address/],
];

test("a wrong pod manifest is refused", () => {
  for (const [change, message] of BAD_PODS) assert.throws(() => parsePodManifest(JSON.stringify({ ...POD, ...change })), message);
});

const ISOLATORS: readonly (readonly [name: string, value: unknown, parsed: object])[] = [
  ["os/linux/capabilities-retain-set", { set: ["CAP_KILL"] }, { set: ["CAP_KILL"] }],
  [
    "os/linux/seccomp-remove-set",
    { set: ["mount", "@rkt/default-blacklist"], errno: "EPERM" },
    { set: ["mount", "@rkt/default-blacklist"], errno: "EPERM" },
  ],
  ["os/linux/no-new-privileges", true, { value: true }],
  ["os/linux/oom-score-adj", -1000, { value: -1000 }],
  ["os/linux/cpu-shares", 2, { value: 2 }],
  ["os/linux/selinux-context", { user: "u", role: "r", type: "t", level: "s0" }, { user: "u", role: "r", type: "t", level: "s0" }],
  ["os/linux/apparmor-profile", { profile: "p" }, { profile: "p" }],
  ["resource/cpu", { request: "250m", limit: "1" }, { request: 250, limit: 1000 }],
  ["resource/memory", { limit: "1Mi", default: false }, { limit: 1048576 }],
  ["resource/network-bandwidth", { default: true, limit: "1G" }, { limit: 1e9 }],
  ["os/unix/sysctl", { "net.core.x": "1" }, { values: { "net.core.x": "1" } }],
];

test("known isolators are read", () => {
  for (const [name, value, parsed] of ISOLATORS)
    assert.deepEqual(parseIsolator({ name: parseAcIdentifier(name), value }), { name, ...parsed });
});

const BAD_ISOLATORS: readonly (readonly [name: string, value: unknown])[] = [
  ["os/linux/capabilities-retain-set", { set: [] }],
  ["os/linux/capabilities-retain-set", { set: ["CAP_X"] }],
  ["os/linux/seccomp-retain-set", { set: ["a b"] }],
  ["os/linux/seccomp-retain-set", { set: ["mount"], errno: "perm" }],
  ["os/linux/no-new-privileges", "true"],
  ["os/linux/oom-score-adj", 1001],
  ["os/linux/cpu-shares", 1],
  ["resource/cpu", {}],
  ["resource/memory", { limit: "1", default: true }],
  ["resource/memory", { limit: "-1" }],
  ["resource/block-iops", { limit: "1" }],
  ["os/unix/sysctl", { "../x": "1" }],
  ["constructor", {}],
];

test("wrong isolators are refused", () => {
  for (const [name, value] of BAD_ISOLATORS)
    assert.throws(() => parseIsolator({ name: parseAcIdentifier(name), value }), { code: "isolator-invalid" }, name);
});
