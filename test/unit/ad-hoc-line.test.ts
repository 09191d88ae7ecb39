import assert from "node:assert/strict";
import { test } from "node:test";
import { declareRequest } from "../../src/cli/ad-hoc/declare.ts";
import { prepareOptions, runOptions } from "../../src/cli/ad-hoc/options.ts";
import { parseRunLine } from "../../src/cli/ad-hoc/parse.ts";
import type { RequestedApp, RunRequest } from "../../src/cli/ad-hoc/request.ts";
import { takeGlobals } from "../../src/cli/take-globals.ts";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";

const podManifest = JSON.stringify({
  acKind: "PodManifest",
  acVersion: "0.8.11",
  apps: [
    {
      name: "one",
      image: { id: `sha512-${"1".repeat(128)}` },
      app: { exec: ["/bin/other"], user: "1", group: "2" },
      mounts: [{ volume: "v", path: "/v" }],
    },
  ],
  volumes: [{ name: "v", kind: "empty" }],
});
const files = { "/manifest": podManifest, "/env": "A=1\n# comment\n; another\nB=two words\n", "/twice": "A=1\nA=2\n" } as Readonly<
  Record<string, string>
>;
const host = {
  env: { HOME: "/root", TERM: "xterm", NOTIFY_SOCKET: "/run/x" },
  files: {
    tryStat: (path: string) => (files[path] === undefined ? undefined : { type: "file", size: files[path].length }),
    readText: (path: string) => files[path] ?? "",
    exists: (path: string) => path === "/images/mine.aci",
  },
} as unknown as Parameters<typeof parseRunLine>[2]["host"];

const stage1Directory = () => "/images";

function parse(line: string, insecure: readonly string[] = []): RunRequest {
  return parseRunLine("run", line.split(" "), { host, insecure: new Set(insecure), stage1Directory }).request;
}

const manifest = parseImageManifest(
  JSON.stringify({
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "example.com/web_app",
    app: { exec: ["/bin/server", "--image"], user: "0", group: "0", environment: [{ name: "HOME", value: "/image" }] },
  }),
);

function declare(line: string) {
  const request = parse(line);
  return declareRequest(
    request,
    request.apps.map(() => ({ name: manifest.name, manifest })),
  );
}

test("options of the pod", () => {
  const table: readonly (readonly [line: string, expected: Partial<RunRequest["pod"]>])[] = [
    ["x", { net: [], privateUsers: false, stage1: "nspawn" }],
    ["--net x", { net: ["default"] }],
    ["--private-net x", { net: ["default"] }],
    ["--net=host x", { net: ["host"] }],
    ["--net=default,default-restricted x", { net: ["default", "default-restricted"] }],
    ["--private-users x", { privateUsers: true }],
    ["--private-users=false x", { privateUsers: false }],
    [
      "--dns=192.0.2.1,192.0.2.2 --dns-search=a --dns-opt=b --dns-domain=c x",
      { dns: ["192.0.2.1", "192.0.2.2"], dnsSearch: ["a"], dnsOption: ["b"], dnsDomain: "c" },
    ],
    ["--hosts-entry=192.0.2.1=a --hosts-entry host --hostname h x", { hostsEntry: ["192.0.2.1=a", "host"], hostname: "h" }],
    ["--stage1-name=coreos.com/rkt/stage1-coreos:1.30.0 x", { stage1: "coreos.com/rkt/stage1-coreos:1.30.0" }],
    ["--stage1-name=kvm:qemu x", { stage1: "kvm:qemu" }],
    ["--stage1-hash=sha512-0a x", { stage1: "sha512-0a" }],
    ["--stage1-image=sha512-0a x", { stage1: "sha512-0a" }],
    ["--stage1-image=example.com/mine,version=1 x", { stage1: "example.com/mine,version=1" }],
    ["--stage1-image=/a/../mine.aci x", { stage1: "/mine.aci" }],
    ["--stage1-path=/mine.aci x", { stage1: "/mine.aci" }],
    ["--stage1-url=https://example.com/mine.aci x", { stage1: "https://example.com/mine.aci" }],
    ["--stage1-url=file:///mine.aci x", { stage1: "file:///mine.aci" }],
    ["--stage1-from-dir=mine.aci x", { stage1: "/images/mine.aci" }],
    ["--stage1-from-dir=stage1-fly.aci x", { stage1: "fly" }],
    [
      "--set-env=A=1 --set-env=B=a=b x",
      {
        environment: [
          { name: "A", value: "1" },
          { name: "B", value: "a=b" },
        ],
      },
    ],
    [
      "--set-env=C=3 --set-env-file=/env x",
      {
        environment: [
          { name: "A", value: "1" },
          { name: "B", value: "two words" },
          { name: "C", value: "3" },
        ],
      },
    ],
    [
      "--inherit-env x",
      {
        inherited: [
          { name: "HOME", value: "/root" },
          { name: "TERM", value: "xterm" },
        ],
      },
    ],
  ];
  for (const [line, expected] of table) {
    const { pod } = parse(line);
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(pod[key as keyof typeof pod], value, line);
  }
  const { pod } = parse("--port=web:192.0.2.1:80 --volume v,kind=host,source=/srv,readOnly=true --mount volume=v,target=/v x");
  assert.deepEqual([pod.ports[0]?.hostPort, pod.volumes[0]?.source, pod.mounts[0]?.path], [80, "/srv", "/v"]);
  assert.deepEqual([parse("--no-overlay x").overlay, parse("--interactive x").interactive, parse("x").overlay], [false, true, true]);
});

test("options of an image concern that image", () => {
  const table: readonly (readonly [words: string, expected: Partial<RequestedApp>])[] = [
    ["--exec /bin/sh -- -c true", { exec: "/bin/sh", args: ["-c", "true"] }],
    ["--name=n --user=1 --group=2 --supplementary-gids=3,4", { name: "n", user: "1", group: "2", supplementaryGroups: ["3", "4"] }],
    ["--working-dir=/w --readonly-rootfs", { workingDirectory: "/w", readOnlyRootFS: true }],
    [
      "--environment=A=1 --user-annotation=k=v --user-label=l=w",
      { environment: [{ name: "A", value: "1" }], annotations: { k: "v" }, labels: { l: "w" } },
    ],
    ["--signature=s.asc", { signature: "s.asc" }],
    ["--mount volume=v,target=/v", { mounts: [{ volume: "v" as never, path: "/v" }] }],
    ["--memory=64M", { isolators: [{ name: "resource/memory" as never, value: { request: "64M", limit: "64M" } }] }],
    ["--cpu=500m", { isolators: [{ name: "resource/cpu" as never, value: { request: "500m", limit: "500m" } }] }],
    ["--cpu-shares=1024", { isolators: [{ name: "os/linux/cpu-shares" as never, value: 1024 }] }],
    ["--oom-score-adj=-500", { isolators: [{ name: "os/linux/oom-score-adj" as never, value: -500 }] }],
    [
      "--caps-retain=CAP_KILL,CHOWN",
      { isolators: [{ name: "os/linux/capabilities-retain-set" as never, value: { set: ["CAP_KILL", "CAP_CHOWN"] } }] },
    ],
    ["--caps-remove=CAP_KILL", { isolators: [{ name: "os/linux/capabilities-remove-set" as never, value: { set: ["CAP_KILL"] } }] }],
    [
      "--seccomp=mode=remove,errno=EPERM,mount",
      { isolators: [{ name: "os/linux/seccomp-remove-set" as never, value: { set: ["mount"], errno: "EPERM" } }] },
    ],
  ];
  for (const [words, expected] of table) {
    const [first, second] = parse(`a ${words}${words.includes("--") && words.includes(" -- ") ? " ---" : ""} b`).apps;
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(first?.[key as keyof RequestedApp], value, words);
    assert.deepEqual([second?.image, second?.isolators, second?.exec], ["b", [], undefined]);
  }
});

test("-- and --- part images and arguments; a stray --- and empty words are passed over", () => {
  const { apps } = parse("--- a -- x -- y --- b --  --- c");
  assert.deepEqual(
    apps.map(({ image, args }) => [image, args]),
    [
      ["a", ["x", "--", "y"]],
      ["b", [""]],
      ["c", undefined],
    ],
  );
});

test("pull policies and old spellings", () => {
  assert.deepEqual(
    ["x", "--pull-policy=never x", "--store-only x", "--no-store x"].map((line) => parse(line).apps[0]?.pull),
    ["new", "never", "never", "update"],
  );
  const { warnings } = parseRunLine("run", ["--private-net", "--store-only", "x", "--cap-retain=CAP_KILL"], {
    host,
    insecure: new Set(),
    stage1Directory,
  });
  assert.deepEqual(
    warnings.map((text) => text.split(" ")[0]),
    ["--private-net", "--store-only", "--cap-retain"],
  );
});

test("modes of the standard streams", () => {
  const streams = (line: string) => declare(line).apps[0]?.streams;
  assert.equal(streams("a --stdin=null --stdout=log"), undefined);
  assert.deepEqual(streams("a --stdin=tty --stdout=tty --stderr=null"), { stdin: "tty", stdout: "tty", stderr: "null" });
});

test("protections that are switched off", () => {
  const isolators = parse("x", ["capabilities", "seccomp"]).apps[0]?.isolators ?? [];
  assert.deepEqual(
    isolators.map(({ name }) => name),
    ["os/linux/capabilities-retain-set", "os/linux/seccomp-retain-set"],
  );
  assert.throws(() => parse("x", ["paths"]), { code: "option-refused" });
});

test("what is wrong is refused in words", () => {
  const table: readonly (readonly [line: string, message: RegExp])[] = [
    ["", /Cannot run without IMAGE/],
    ["-- x", /an image is required before any app arguments/],
    ["a -- x --- -- y", /only one set of app arguments allowed per image/],
    ["--exec=/x a", /--exec must follow an image/],
    ["a --volume=v,kind=empty", /--volume stands behind image "a"/],
    ["a --exec=/x --exec=/y", /--exec stands twice for image "a"/],
    ["--frob a", /unknown option "--frob"/],
    ["--volume", /--volume needs a value/],
    ["--private-users=maybe a", /neither true nor false/],
    ["--pull-policy=sometimes a", /none of its values/],
    ["--store-only --no-store a", /policies never and update at once/],
    ["--net --private-net a", /--net together with --private-net/],
    ["--interactive a b", /one app can have the terminal/],
    ["a --memory=100", /4096 bytes are the least/],
    ["a --cpu-shares=1", /2 to 262144/],
    ["a --caps-retain=CAP_KILL --caps-remove=CAP_KILL", /--caps-retain together with --caps-remove/],
    ["a --caps-retain=CAP_FLY", /CAP_FLY/],
    ["a --environment=A=1 --environment=A=2", /Cannot set "A" twice/],
    ["--set-env-file=/none a", /it does not exist/],
    ["--set-env-file=/twice a", /sets "A" twice/],
    ["--stage1-hash=sha512-ab --stage1-name=x.com/y a", /--stage1-name together with --stage1-hash: both choose/],
    ["--stage1-hash=example.com/other a", /--stage1-hash="example.com\/other": it takes a hash As in "--stage1-hash=sha512-/],
    ["--stage1-name=/x a", /--stage1-name="\/x": it takes a name/],
    ["--stage1-url=/x a", /it takes a url/],
    ["--stage1-from-dir=other.aci a", /Cannot use stage1 "other\.aci": \/images has no such file/],
    ["--stage1-from-dir=../x.aci a", /it takes the name of a file in \/images/],
    ["--stage1-image=docker://x a", /images of stage1 are ACIs/],
    ["--pod-manifest=/x", /Cannot read pod manifest "\/x": it does not exist/],
    ["--pod-manifest=/manifest a", /together with images/],
    ["--pod-manifest=/manifest --volume=v,kind=empty", /conflicting flags set with --pod-manifest/],
    ["--pod-manifest=/env", /Cannot read pod manifest "\/env": /],
    ["--mds-register a", /no metadata service/],
    ["--ipc=parent a", /none of its values/],
    ["a --stdin=stream", /Cannot use mode "stream" of --stdin: .*rkt attach/],
    ["a --stderr=file", /Cannot use "file" as --stderr It takes log, null, tty/],
    ["--interactive a --stdin=tty", /--interactive together with --stdin/],
  ];
  for (const [line, message] of table) {
    assert.throws(
      () => parse(line),
      (error: Error & { readonly hint?: string }) => message.test(`${error.message} ${error.hint ?? ""}`),
      line,
    );
  }
  assert.throws(() => declare("a b"), /two apps of the name "web-app"/);
  assert.throws(() => declare("a --mount=volume=v,target=/v"), /no --volume is of that name/);
  assert.throws(() => declare("--volume=v,kind=empty --volume=v,kind=host,source=/b a"), /two volumes of the name "v"/);
  assert.throws(() => declare("--volume=v,kind=state a"), /only a named pod keeps volumes/);
});

test("arguments follow what the image, or --exec, runs; variables come in the original's order", () => {
  assert.deepEqual(declare("a -- --more").apps[0]?.exec, ["/bin/server", "--image", "--more"]);
  assert.deepEqual(declare("a --exec=/bin/sh -- -c").apps[0]?.exec, ["/bin/sh", "-c"]);
  assert.equal(declare("a").apps[0]?.exec, undefined);
  const [app] = declare("--inherit-env --set-env=A=set --set-env-file=/env a --environment=A=image --environment=E=1").apps;
  assert.deepEqual(app?.environment, [
    { name: "TERM", value: "xterm" },
    { name: "A", value: "set" },
    { name: "E", value: "1" },
    { name: "B", value: "two words" },
  ]);
  assert.equal(app?.name, "web-app");
});

test("global options stand anywhere but among an app's arguments", () => {
  const { args, given } = takeGlobals(runOptions, "--volume --debug a --insecure-options=image -- --debug --- --dir /x b".split(" "));
  assert.deepEqual(args, ["--volume", "--debug", "a", "--", "--debug", "---", "b"]);
  assert.deepEqual(
    [...given],
    [
      ["insecure-options", ["image"]],
      ["dir", ["/x"]],
    ],
  );
});

test("a pod manifest gives apps, volumes and ports", () => {
  const { apps, pod } = parse("--net=host --pod-manifest=/manifest");
  assert.deepEqual([apps[0]?.name, apps[0]?.image, apps[0]?.pull], ["one", `sha512-${"1".repeat(128)}`, "never"]);
  assert.deepEqual(apps[0]?.section?.exec, ["/bin/other"]);
  assert.deepEqual([pod.net, pod.volumes[0]?.name, apps[0]?.mounts[0]?.path], [["host"], "v", "/v"]);
});

test("names of options are unique", () => {
  for (const options of [runOptions, prepareOptions]) assert.equal(new Set(options.map(({ name }) => name)).size, options.length);
});

test("the configured stage1 counts where the line names none, and is not asked for where it does", () => {
  const engine = (line: string, stage1: () => string | undefined): string =>
    parseRunLine("run", line.split(" "), { host, insecure: new Set(), stage1Directory, stage1 }).request.pod.stage1;
  assert.equal(
    engine("x", () => undefined),
    "nspawn",
  );
  assert.equal(
    engine("x", () => "fly"),
    "fly",
  );
  assert.equal(engine("--stage1-name=example.com/mine x", assert.fail), "example.com/mine");
});
