import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, describe, it } from "node:test";
import type { AppliedPod, ImageProvider } from "../../src/apply/apply-pod.ts";
import { applyPods } from "../../src/apply/apply-pods.ts";
import type { ApplyContext } from "../../src/apply/context.ts";
import { findEngine } from "../../src/apply/stage1.ts";
import { finishChanges } from "../../src/apply/finish.ts";
import { sweepPods } from "../../src/apply/sweep.ts";
import { parseImageId, parsePodName } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { listNamedPods } from "../../src/pod/named.ts";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";
import type { StoredImage } from "../../src/store/image.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import type { Keystore } from "../../src/trust/keystore.ts";
import type { Store } from "../../src/store/store.ts";
import { makeDyingHost } from "../lib/dying-host.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-killed-`);
after(() => rmSync(base, { recursive: true }));

const tree = `${base}/tree`;
mkdirSync(`${tree}/bin`, { recursive: true });
writeFileSync(`${tree}/bin/server`, "", { mode: 0o755 });

const fingerprint = "a".repeat(40);
const id = parseImageId(`sha512-${"1".repeat(128)}`);
const manifest = parseImageManifest(
  JSON.stringify({
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "example.com/web",
    app: { exec: ["/bin/server"], user: "0", group: "0" },
  }),
);
const fact = {
  type: "openpgp",
  fingerprint,
  signingFingerprint: fingerprint,
  signedAt: 1,
  verifiedAt: 2,
  signedDigest: "sha512-0",
} as const;
const image: StoredImage = {
  id,
  format: "aci",
  name: manifest.name,
  labels: [],
  manifest,
  importTime: 1,
  lastUsed: 1,
  size: 1,
  source: "/web.aci",
  signatures: [fact],
};
const provideImage: ImageProvider = async () => ({ image, images: [image], layers: [tree] });
const key = { fingerprint, revoked: false, identities: [], subkeys: [] };
const keystore = { factsFor: async () => [{ path: "/key", key }] } as unknown as Keystore;
const store = { images: () => [image], tryLock: () => ({ release: () => undefined }) } as unknown as Store;

const declared = (value: string) => ({
  declarations: [
    {
      name: parsePodName("web"),
      files: [
        {
          path: `${base}/web.pod`,
          text: `[Pod]\nNet=none\nVolume=data,kind=state\n[App web]\nImage=/web.aci\nEnvironment=V=${value}\nMount=volume=data,target=/data\n[Socket http]\nListenStream=80\n[Socket admin]\nListenStream=/run/a\n`,
        },
      ],
    },
  ],
  problems: [],
  masked: [],
});

function contextFor(host: Host, root: string): ApplyContext {
  const dirs = { dataDir: `${root}/data`, runDir: `${root}/run` };
  return {
    host,
    paths: { ...dirs, etcDir: `${root}/etc`, libDir: `${root}/lib` },
    dirs,
    store,
    keystore,
    // Whether this machine has systemd-nspawn does not matter here.
    engines: loadEngines(real).map((engine) => ({ ...engine, check: () => undefined })),
    version: "0",
    unitDirectory: `${root}/units`,
    manager: undefined,
    stage1Config: () => [],
    say: () => undefined,
  };
}

async function apply(host: Host, root: string, value: string): Promise<AppliedPod> {
  const found = declared(value);
  const [source] = found.declarations;
  writeFileSync(`${base}/web.pod`, source?.files[0]?.text ?? "");
  const { engines } = contextFor(host, root);
  const provideStage1 = async (name: string) => ({ engine: findEngine(engines, name) });
  const result = await applyPods(contextFor(host, root), found, { provideImage, provideStage1, all: false, prune: false });
  const [failure] = result.failures;
  if (failure !== undefined) throw failure.errors[0] ?? new Error("failed");
  return result.applied[0] as AppliedPod;
}

/** Every file below a directory with what it holds. */
function contentOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const path = `${entry.parentPath}/${entry.name}`;
      const text = entry.isSymbolicLink() ? readlinkSync(path) : entry.isDirectory() ? "directory" : readFileSync(path, "utf8");
      return [path.slice(directory.length), text];
    }),
  );
}

/** The pod as its commit says it, and everything that follows from it: whole, and nothing else. */
function checkSettled(root: string, generations: ReadonlyMap<string, Record<string, string>>): string {
  const [pod] = listNamedPods(real, contextFor(real, root).dirs);
  const digest = pod?.commit.generation;
  assert.ok(pod !== undefined && digest !== undefined);
  assert.deepEqual(contentOf(`${pod.directory}/gen/${digest}`), generations.get(digest), "the generation is whole");
  const units = contentOf(`${root}/units`);
  const generation = generations.get(digest) ?? {};
  assert.equal(units["/rkt-pod@web.service.d/50-rkt.conf"], generation["/dropin.conf"]);
  const sockets = Object.entries(generation).filter(([path]) => path.startsWith("/units/") && path.endsWith(".socket"));
  for (const [path, text] of sockets) assert.equal(units[path.slice("/units".length)], text);
  const files = Object.keys(units).filter((path) => units[path] !== "directory");
  assert.equal(files.length, 1 + sockets.length, `nothing but the drop-in and the sockets: ${files.join(" ")}`);
  assert.deepEqual(readdirSync(`${root}/run/verdicts/${pod.uuid}`), [digest], "exactly this generation has a verdict");
  return digest;
}

/** Files that an interrupted command left. */
function draftsIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => /\.tmp$|\/\.(new|gone)-/.test(path));
}

/** A root directory where version "1" is applied already, or nothing is. */
async function prepare(root: string, first: boolean): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  for (const directory of ["data/locks", "run/locks", "units"]) mkdirSync(`${root}/${directory}`, { recursive: true });
  if (!first) await apply(real, root, "1");
}

describe("an apply that is killed at each change of the disk", () => {
  for (const first of [true, false]) {
    it(first ? "leaves a first apply undone or whole" : "leaves the old or the new generation whole", async (t) => {
      const root = `${base}/${first ? "first" : "second"}`;
      await prepare(root, first);
      const counting = makeDyingHost(real);
      await apply(counting.host, root, "2");
      const points = counting.changes();
      assert.ok(points > 20, `${points} points`);
      for (let at = 1; at <= points; at += 1) {
        await prepare(root, first);
        const generations = new Map<string, Record<string, string>>();
        const remember = () => {
          const [pod] = listNamedPods(real, contextFor(real, root).dirs);
          for (const digest of pod === undefined ? [] : readdirSync(`${pod.directory}/gen`)) {
            if (!digest.startsWith(".")) generations.set(digest, contentOf(`${pod?.directory}/gen/${digest}`));
          }
        };
        remember();
        const old = [...generations.keys()];
        const dying = makeDyingHost(real, at);
        await assert.rejects(apply(dying.host, root, "2"));
        assert.ok(dying.isDead(), `point ${at} was reached`);
        const [killed] = listNamedPods(real, contextFor(real, root).dirs);
        // What the boot, or the next command, does first.
        await finishChanges(contextFor(real, root));
        const committed = killed?.commit.generation;
        if (!first && committed !== undefined && old.includes(committed))
          assert.equal(checkSettled(root, generations), committed, `point ${at}`);
        // The next apply completes it; what it says is what an apply that nobody killed says.
        const completed = await apply(real, root, "2");
        remember();
        assert.equal(checkSettled(root, generations), completed.plan.digest, `point ${at}`);
        if (committed !== undefined && !old.includes(committed)) assert.equal(committed, completed.plan.digest, `point ${at}`);
        if (killed !== undefined) assert.equal(completed.plan.pod.uuid, killed.uuid, "the UUID stays");
        sweepPods(real, contextFor(real, root).dirs, assert.fail);
        assert.deepEqual(draftsIn(root), [], `point ${at}`);
      }
      t.diagnostic(`${points} points`);
    });
  }
});
