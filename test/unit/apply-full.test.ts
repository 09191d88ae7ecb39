import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { applyPods } from "../../src/apply/apply-pods.ts";
import type { ApplyContext } from "../../src/apply/context.ts";
import { findEngine } from "../../src/apply/stage1.ts";
import { RktError } from "../../src/base/error.ts";
import { parsePodName, parseUuid } from "../../src/base/id.ts";
import type { RunRequest } from "../../src/cli/ad-hoc/request.ts";
import { makeAdHoc } from "../../src/cli/ad-hoc-pod.ts";
import type { Context } from "../../src/cli/context.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { createAdHoc } from "../../src/pod/ad-hoc.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import { createWorkshop, makeErofs } from "../../src/stage1/kvm/workshop.ts";
import { makeFullHost } from "../lib/full-host.ts";
import { makeBase, webContext, webImage } from "../lib/web-pod.ts";

const real = createHost();
const base = makeBase();
const text =
  "[Pod]\nNet=none\nVolume=data,kind=state\n[App web]\nImage=/web.aci\nMount=volume=data,target=/data\n[Socket http]\nListenStream=80\n";
const found = {
  declarations: [{ name: parsePodName("web"), files: [{ path: `${base}/web.pod`, text }] }],
  ...{ problems: [], masked: [] },
};
writeFileSync(`${base}/web.pod`, text);

const engines = loadEngines(real).map((engine) => ({ ...engine, check: () => undefined }));

/** Throws what a pod was not applied for. */
async function apply(host: Host, root: string): Promise<void> {
  const { failures } = await applyPods(webContext(host, root, engines), found, {
    provideImage: async () => ({ image: webImage, images: [webImage], layers: [`${base}/tree`] }),
    provideStage1: async (name) => ({ engine: findEngine(engines, name) }),
    ...{ all: false, prune: false },
  });
  const [failure] = failures.flatMap(({ errors }) => errors);
  if (failure !== undefined) throw failure;
}

function prepare(): string {
  const root = mkdtempSync(`${base}/root-`);
  for (const directory of ["data/locks", "run/locks"]) mkdirSync(`${root}/${directory}`, { recursive: true });
  return root;
}

describe("a disk that is full at any point of an apply", () => {
  it("is told as such, with what could not be written, and the next apply is whole", async () => {
    const counter = makeFullHost(real);
    await apply(counter.host, prepare());
    assert.ok(counter.calls() > 20);
    const said = new Set<string>();
    for (let at = 1; at <= counter.calls(); at += 1) {
      const root = prepare();
      await assert.rejects(apply(makeFullHost(real, { at }).host, root), (error: unknown) => {
        assert.ok(error instanceof RktError, `point ${at}: ${String(error)}`);
        assert.equal(error.code, "disk-full", `point ${at}: ${error.message}`);
        said.add(error.message.replaceAll(root, ""));
        return true;
      });
      await apply(real, root);
      const drafts = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => /\.tmp$|\/\.(new|gone)-/.test(path));
      assert.deepEqual(drafts, [], `point ${at}`);
    }
    assert.deepEqual(
      [...said],
      [
        'Cannot apply pod "web": the file system of "/data" is full',
        'Cannot write the units of pods: the file system of "" is full',
        'Cannot write the verdicts on pods: the file system of "/run" is full',
      ],
    );
  });
});

describe("a disk that is full for a pod of the command line", () => {
  const uuid = parseUuid("0c9d4b4e-1f0e-4c1b-9f4e-8a5f1b2c3d4e");
  const make = async (host: Host, root: string, uuidFileSave: string): Promise<unknown> => {
    const dirs = { dataDir: `${root}/data`, runDir: `${root}/run` };
    const apply = { host, dirs, store: { tryLock: () => undefined } } as unknown as ApplyContext;
    return await makeAdHoc({} as Context, apply, { uuid, request: { insecure: [] } as unknown as RunRequest, launcher: 1, uuidFileSave });
  };

  it("is told as such, and where the pod's UUID was to go as another one", async () => {
    const counter = makeFullHost(real);
    createAdHoc(counter.host, { dataDir: `${prepare()}/data`, runDir: `${prepare()}/run` }, uuid).release();
    const made = counter.calls();
    assert.ok(made > 5);
    for (const at of [2, made]) {
      const root = prepare();
      const message = `Cannot make pod "${uuid}": the file system of "${root}/data" is full`;
      await assert.rejects(make(makeFullHost(real, { at }).host, root, `${root}/uuid`), { code: "disk-full", message });
    }
    const root = prepare();
    const write: Host["files"]["write"] = (path, data, options) => {
      if (path !== `${root}/uuid`) return real.files.write(path, data, options);
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
    };
    await assert.rejects(make({ ...real, files: { ...real.files, write } }, root, `${root}/uuid`), {
      code: "disk-full",
      message: `Cannot write the UUID of the pod to "${root}/uuid": the file system of "${root}" is full`,
    });
  });
});

describe("a disk of a virtual machine", () => {
  /** What mkfs.erofs says then. */
  const words = [
    "<E> erofs_io: Failed to write data into device - x:[69632, 4096].",
    "<E> erofs: \tCould not format the device : [Error 28] No space left on device",
  ];
  const run = (argv: readonly string[]) => {
    assert.equal(argv[0], "mkfs.erofs");
    writeFileSync(String(argv.at(-2)), "half");
    return real.programs.run(["sh", "-c", `printf '%s\\n' "$@" >&2; exit 1`, "mkfs.erofs", ...words]);
  };
  const full = { code: "disk-full", hint: /"rkt gc".*"df / };

  it("for which mkfs.erofs finds no room leaves nothing, and is told as such", () => {
    const dataDir = prepare();
    const { host, provide } = createWorkshop({ ...real, programs: { ...real.programs, run } }, { dataDir, dryRun: false });
    assert.throws(() => provide("layer-x.erofs", (draft) => makeErofs(host, draft, `${base}/tree`, [])), {
      ...full,
      message: `Cannot make a virtual machine: the file system of "${dataDir}/vm" is full`,
    });
    assert.deepEqual(readdirSync(`${dataDir}/vm`), []);
  });

  it("is the same at any point of what else a machine is made of", () => {
    const make = (host: Host, dataDir: string): string =>
      createWorkshop(host, { dataDir, dryRun: false }).provide("initrd-x", (draft) => host.files.write(draft, "x"));
    const counter = makeFullHost(real);
    make(counter.host, prepare());
    for (let at = 1; at <= counter.calls(); at += 1) {
      const dataDir = prepare();
      assert.throws(() => make(makeFullHost(real, { at }).host, dataDir), {
        ...full,
        message: /^Cannot make a virtual machine: the file system of /,
      });
      assert.deepEqual(
        readdirSync(`${dataDir}`, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(".new-")),
        [],
      );
      assert.equal(make(real, dataDir), `${dataDir}/vm/initrd-x`);
    }
  });
});
