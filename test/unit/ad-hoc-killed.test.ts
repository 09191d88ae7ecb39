import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, describe, it } from "node:test";
import { prepareAdHoc, writeAdHoc } from "../../src/apply/ad-hoc-pod.ts";
import { makeUuid } from "../../src/apply/carry-out.ts";
import { collectPods, removeAdHoc } from "../../src/apply/collect.ts";
import type { ApplyContext } from "../../src/apply/context.ts";
import { findEngine } from "../../src/apply/stage1.ts";
import { launchAdHoc } from "../../src/apply/launch-ad-hoc.ts";
import { parseImageId } from "../../src/base/id.ts";
import { declareRequest } from "../../src/cli/ad-hoc/declare.ts";
import { parseRunLine } from "../../src/cli/ad-hoc/parse.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { createAdHoc, moveAdHoc } from "../../src/pod/ad-hoc.ts";
import { findPod } from "../../src/pod/find.ts";
import { listPods, readPodGeneration } from "../../src/pod/pod.ts";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import type { StoredImage } from "../../src/store/image.ts";
import { makeDyingHost } from "../lib/dying-host.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-ad-hoc-`);
after(() => rmSync(base, { recursive: true }));

const tree = `${base}/tree`;
mkdirSync(`${tree}/bin`, { recursive: true });
writeFileSync(`${tree}/bin/server`, "", { mode: 0o755 });
const manifest = parseImageManifest(
  JSON.stringify({
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "example.com/web",
    app: { exec: ["/bin/server"], user: "0", group: "0" },
  }),
);
const id = parseImageId(`sha512-${"1".repeat(128)}`);
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
  signatures: [],
};
const rendered = { image, images: [image], layers: [tree] };
const { request } = parseRunLine("run", ["--volume=v,kind=empty", "example.com/web", "--mount=volume=v,target=/v"], {
  host: real,
  insecure: new Set(),
  stage1Directory: () => "/none",
});

function contextFor(host: Host, root: string): ApplyContext {
  const dirs = { dataDir: `${root}/data`, runDir: `${root}/run` };
  return {
    host,
    paths: { ...dirs, etcDir: `${root}/etc`, libDir: `${root}/lib` },
    dirs,
    store: undefined as unknown as ApplyContext["store"],
    keystore: undefined as unknown as ApplyContext["keystore"],
    engines: loadEngines(real).map((engine) => ({ ...engine, check: () => undefined })),
    version: "0",
    unitDirectory: `${root}/units`,
    manager: undefined,
    stage1Config: () => [],
    say: () => undefined,
  };
}

/** What `prepare` and `run` do once the image is there. */
async function make(host: Host, root: string, to: "prepared" | "run"): Promise<void> {
  const context = contextFor(host, root);
  const uuid = makeUuid();
  const lock = createAdHoc(host, context.dirs, uuid);
  const plan = prepareAdHoc(context, {
    uuid,
    declaration: declareRequest(request, [{ name: manifest.name, manifest }]),
    images: [rendered],
    stage1: { engine: findEngine(context.engines, "nspawn") },
  });
  host.files.write(`${context.dirs.dataDir}/pods/prepare/${uuid}/request`, "{}");
  writeAdHoc(host, context.dirs, "prepare", plan);
  if (to === "prepared") moveAdHoc(host, context.dirs, uuid, ["prepare", "prepared"]);
  // No process has this number: as if the launcher had been killed with us.
  else await launchAdHoc(context, plan, "prepare", { launcher: 2 ** 30, foreignUnit: undefined });
  lock.release();
}

async function collect(host: Host, root: string): Promise<void> {
  const quiet = { say: () => undefined, tell: () => undefined, fail: assert.fail };
  await collectPods(contextFor(host, root), { graceMs: 0, expireMs: 0, markOnly: false, ...quiet });
}

/** Names of all pods and of all that belongs to one. */
function leftIn(root: string): string[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  return files
    .filter((path) => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(path) || /^data\/net\/.*\d$/.test(path) || /\/\.new-/.test(path))
    .filter((path) => !path.startsWith("data/pods/gone/"));
}

function fresh(name: string): string {
  const root = `${base}/${name}`;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  return root;
}

describe("killed at each change of the disk", () => {
  for (const to of ["prepared", "run"] as const) {
    it(`a pod on its way to ${to} is whole there, or is removed by gc`, async (t) => {
      const counting = makeDyingHost(real);
      await make(counting.host, fresh("count"), to);
      assert.ok(counting.changes() > 40, `${counting.changes()} points`);
      t.diagnostic(`${counting.changes()} points`);
      for (let at = 1; at <= counting.changes(); at += 1) {
        const root = fresh("killed");
        const dying = makeDyingHost(real, at);
        await assert.rejects(make(dying.host, root, to));
        assert.ok(dying.isDead(), `point ${at} was reached`);
        const { dirs } = contextFor(real, root);
        for (const pod of listPods(real, dirs).filter(({ phase }) => phase === "prepared" || phase === "run")) {
          const { generation } = pod.commit;
          assert.ok(generation !== undefined, `point ${at}: a pod in ${pod.phase} is committed`);
          assert.equal(readPodGeneration(real, pod, generation).images[0]?.id, id);
          assert.ok(existsSync(`${pod.directory}/gen/${generation}/launch`), "and whole");
        }
        await collect(real, root);
        assert.deepEqual(leftIn(root), [], `point ${at}`);
      }
    });
  }

  it("gc goes on where it was killed", async (t) => {
    const origin = fresh("origin");
    await make(real, origin, "prepared");
    await make(real, origin, "run");
    const copy = (): string => {
      const root = fresh("collect");
      cpSync(origin, root, { recursive: true });
      return root;
    };
    const counting = makeDyingHost(real);
    await collect(counting.host, copy());
    t.diagnostic(`${counting.changes()} points`);
    assert.ok(counting.changes() > 10);
    for (let at = 1; at <= counting.changes(); at += 1) {
      const root = copy();
      await assert.rejects(collect(makeDyingHost(real, at).host, root));
      await collect(real, root);
      assert.deepEqual(leftIn(root), [], `point ${at}`);
    }
  });
});

describe("thousands of ad-hoc pods", () => {
  /** What is asked of the file system: unlike time, the same on a busy machine. */
  async function costOf(action: (host: Host) => Promise<void>): Promise<number> {
    let calls = 0;
    const files = new Proxy(real.files, {
      get: (target, name, receiver) => {
        calls += 1;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    await action({ ...real, files });
    return calls;
  }

  async function crowd(count: number): Promise<string> {
    const root = fresh(`crowd-${count}`);
    const { dirs } = contextFor(real, root);
    await make(real, root, "run");
    const [pod] = listPods(real, dirs);
    assert.ok(pod !== undefined);
    for (let index = 1; index < count; index += 1) cpSync(pod.directory, `${dirs.dataDir}/pods/run/${makeUuid()}`, { recursive: true });
    return root;
  }

  it("gc of 200 costs each no more than 1.2 times what 20 cost", async () => {
    const [few, many] = [await crowd(20), await crowd(200)];
    const [low, high] = [await costOf((host) => collect(host, few)), await costOf((host) => collect(host, many))];
    assert.deepEqual(leftIn(many), []);
    assert.ok(low > 20 && high / 200 <= 1.2 * (low / 20), `${high / 200} calls each of 200, ${low / 20} each of 20`);
  });

  it("rm looks at the one pod it removes", async () => {
    const root = await crowd(60);
    const context = contextFor(real, root);
    const uuids = listPods(real, context.dirs).map((pod) => pod.uuid);
    const reads: string[] = [];
    const watched: Host = { ...real, files: { ...real.files, tryReadText: (path) => (reads.push(path), real.files.tryReadText(path)) } };
    await removeAdHoc(contextFor(watched, root), findPod(watched, context.dirs, uuids[30] ?? ""));
    assert.equal(listPods(real, context.dirs).length, 59);
    assert.ok(reads.filter((path) => path.includes("/pods/")).length < 10, reads.join(" "));
  });
});
