import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { planPods } from "../../src/apply/apply-pods.ts";
import type { ApplyContext } from "../../src/apply/context.ts";
import { findEngine } from "../../src/apply/stage1.ts";
import { parseImageId, parsePodName } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";
import type { StoredImage } from "../../src/store/image.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import type { Keystore } from "../../src/trust/keystore.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-warnings-`);
after(() => rmSync(base, { recursive: true }));
mkdirSync(`${base}/tree/bin`, { recursive: true });
writeFileSync(`${base}/tree/bin/server`, "", { mode: 0o755 });

const manifest = parseImageManifest(
  JSON.stringify({
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "example.com/web",
    app: { exec: ["/bin/server"], user: "0", group: "0", ports: [{ name: "web", protocol: "tcp", port: 80 }] },
  }),
);
const fingerprint = "a".repeat(40);
const signature = { type: "openpgp", fingerprint, signingFingerprint: fingerprint, signedAt: 1, verifiedAt: 2, signedDigest: "sha512-0" };
const image = {
  ...{ id: parseImageId(`sha512-${"1".repeat(128)}`), format: "aci", name: manifest.name, labels: [], manifest },
  ...{ importTime: 1, lastUsed: 1, size: 1, source: "/web.aci", signatures: [signature] },
} as StoredImage;
const key = { path: "/key", key: { fingerprint, revoked: false, identities: [], subkeys: [] } };

const chain = (name: string, policy: string, rules = ""): string =>
  `\tchain ${name} {\n\t\ttype filter hook ${name.toLowerCase()} priority filter; policy ${policy};\n${rules}\t}\n`;
const drops = chain("FORWARD", "drop");

/** A host whose firewall has these chains, and that has no routes of its own; `asked` are the commands that ask it. */
function firewalled(chains = drops, status = 0): { readonly host: Host; readonly asked: string[] } {
  const asked: string[] = [];
  const stdout = Buffer.from(status === 0 ? `table ip filter {\n${chains}}\n` : "");
  const programs: Host["programs"] = {
    ...real.programs,
    find: (name) => (name === "nft" ? "/usr/sbin/nft" : real.programs.find(name)),
    run: (argv, options) => {
      if (argv[0] !== "nft") return real.programs.run(argv, options);
      asked.push(argv.join(" "));
      return { status, signal: null, stdout, stderr: Buffer.alloc(0) };
    },
  };
  const files: Host["files"] = {
    ...real.files,
    tryReadText: (path) => (path === "/proc/net/route" ? "Iface\n" : real.files.tryReadText(path)),
  };
  return { host: { ...real, files, programs }, asked };
}

/** Pods by name, with what their `Net=` says and further lines of [Pod]. */
async function plan(host: Host, pods: Readonly<Record<string, string>>): Promise<Awaited<ReturnType<typeof planPods>>> {
  const engines = loadEngines(real).map((engine) => ({ ...engine, check: () => undefined }));
  const dirs = { dataDir: `${base}/data`, runDir: `${base}/run` };
  const context = {
    ...{ host, dirs, engines, version: "0", unitDirectory: `${base}/units`, manager: undefined },
    paths: { ...dirs, etcDir: `${base}/etc`, libDir: `${base}/lib` },
    store: { images: () => [image], tryLock: () => ({ release: () => undefined }) },
    keystore: { keysFor: async () => [key] } as unknown as Keystore,
    stage1Config: () => [],
    say: () => undefined,
  } as unknown as ApplyContext;
  const declarations = Object.entries(pods).map(([name, net]) => {
    const text = `[Pod]\nNet=${net}\n[App web]\nImage=/web.aci\n`;
    writeFileSync(`${base}/${name}.pod`, text);
    return { name: parsePodName(name), files: [{ path: `${base}/${name}.pod`, text }] };
  });
  return await planPods(
    context,
    { declarations, problems: [], masked: [] },
    {
      provideImage: async () => ({ image, images: [image], layers: [`${base}/tree`] }),
      provideStage1: async (name) => ({ engine: findEngine(engines, name) }),
      ...{ all: false, prune: false },
    },
  );
}

test("the host's firewall is asked once for all pods with a network, and each of them is warned of it", async () => {
  const { host, asked } = firewalled();
  const { failures, warnings } = await plan(host, { one: "default", two: "default", three: "none" });
  assert.deepEqual(failures, []);
  const warned = warnings.filter(({ message }) => message.includes("firewall drops what is forwarded")).map(({ path }) => path);
  assert.deepEqual(warned, [`${base}/one.pod`, `${base}/two.pod`]);
  assert.deepEqual(asked, ["nft list table ip filter"]);
});

test("it is not asked where no pod has one", async () => {
  const { host, asked } = firewalled();
  assert.deepEqual((await plan(host, { three: "none" })).failures, []);
  assert.deepEqual(asked, []);
});

test("a firewall is told of where it drops what pods send, and nowhere else", async () => {
  const accepts = '\t\tiifname "rkt-default" counter packets 0 bytes 0 accept\n';
  for (const [what, { host }, warned] of [
    ["the policy of Docker and ufw", firewalled(drops), true],
    ["the same behind another chain", firewalled(chain("INPUT", "accept") + drops), true],
    ["one that accepts", firewalled(chain("INPUT", "drop") + chain("FORWARD", "accept") + chain("OUTPUT", "drop")), false],
    ["one that lets the bridge pass", firewalled(chain("FORWARD", "drop", accepts)), false],
    ["none", firewalled("", 1), false],
  ] as const) {
    const { warnings } = await plan(host, { one: "default" });
    assert.equal(
      warnings.some(({ message }) => message.includes("firewall drops")),
      warned,
      what,
    );
  }
  const { host, asked } = firewalled();
  const without = { ...host, programs: { ...host.programs, find: () => undefined } };
  const { warnings } = await plan(without, { one: "default" });
  assert.deepEqual([warnings.filter(({ message }) => message.includes("firewall")), asked], [[], []], "no nft");
});

test("ports that others than this host do not reach are told of, at their line", async () => {
  const { host, asked } = firewalled();
  const { failures, warnings } = await plan(host, { one: "default-restricted\nPort=web:80", two: "default-restricted" });
  assert.deepEqual(failures, []);
  assert.deepEqual(
    warnings.filter(({ message }) => message.includes("this host's alone")).map(({ path, line }) => [path, line]),
    [[`${base}/one.pod`, 3]],
  );
  assert.deepEqual(asked, []);
});
