import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, describe, it } from "node:test";
import { writeSamplePods } from "../../packaging/build/sample-pods.ts";
import { makeUuid } from "../../src/apply/carry-out.ts";
import type { Context } from "../../src/cli/context.ts";
import { podJson } from "../../src/cli/pod-json.ts";
import { glanceAtPods, viewPods } from "../../src/cli/pod-view.ts";
import { createHost } from "../../src/host/node-host.ts";
import { checkDocument } from "../lib/schema.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-pod-view-`);
after(() => rmSync(base, { recursive: true }));

const prepared = "pods/prepared/00000000-0000-4000-8000-000000000001";

/** A data directory of its own, and the paths that were asked for in it. */
function open(name: string): { readonly data: string; readonly asked: string[]; readonly context: Context } {
  const data = `${base}/${name}`;
  const asked: string[] = [];
  const files = new Proxy(real.files, {
    get: (target, method) => (path: string, more: string) => {
      asked.push(path);
      return (Reflect.get(target, method) as (...words: string[]) => unknown)(path, more);
    },
  });
  writeSamplePods(data);
  const paths = { dataDir: data, runDir: `${data}/run`, etcDir: "/nowhere", libDir: "/nowhere" };
  return { data, asked, context: { host: { ...real, files }, paths } as unknown as Context };
}

async function inTurn<T>(texts: readonly string[], action: (text: string) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const text of texts) results.push(await action(text));
  return results;
}

describe("viewPods", () => {
  it("shows a pod of each phase, and how its app ended", async () => {
    const { context } = open("each");
    const problems: unknown[] = [];
    const pods = (await viewPods(context, problems)).map((view) => podJson(context, view));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      pods.map((pod) => [pod["state"], (pod["apps"] as { readonly state: string }[])[0]?.state]),
      [
        ["exited", "exited"],
        ["exited", "exited"],
        ["prepared", "created"],
      ],
    );
  });

  it("shows no number that cannot be, whatever a pod writes about its apps", async () => {
    const { data, context } = open("lies");
    const ran = "00000000-0000-4000-8000-000000000002";
    const status = `${data}/pods/run/${ran}/status/sample`;
    const codeOf = async (text: string): Promise<unknown> => {
      writeFileSync(status, text);
      utimesSync(status, new Date(-9000), new Date(-9000));
      const pods = (await viewPods(context, [])).map((view) => podJson(context, view));
      checkDocument("list", JSON.stringify(pods));
      const [app] = pods.filter((pod) => pod["name"] === ran).flatMap((pod) => pod["apps"] as Record<string, unknown>[]);
      assert.equal(app?.["finished_at"], 0);
      return app?.["exit_code"];
    };
    const told = ["exited 0", "exited 255", "exited 256", "exited 99999", "exited 1e9", "exited 1e1", "exited 0x1"];
    assert.deepEqual(await inTurn(told, codeOf), [0, 255, 255, 255, 255, 255, 255]);
    const killed = ["killed KILL", "dumped 11", "killed 64", "killed 0", "killed 65", "killed 999", "killed toString"];
    assert.deepEqual(await inTurn(killed, codeOf), [137, 139, 192, 255, 255, 255, 255]);
  });

  it("asks for four files of a pod, where nothing of its manifest is asked for", async () => {
    const { data, asked, context } = open("many");
    for (let index = 0; index < 50; index += 1) cpSync(`${data}/${prepared}`, `${data}/pods/prepared/${makeUuid()}`, { recursive: true });
    const pods = await glanceAtPods(context, []);
    assert.equal(pods.length, 53);
    assert.deepEqual(
      [pods.at(-1)?.record?.images[0]?.name, pods.at(-1)?.record?.networks],
      ["example.com/sample", ["default:ip4=172.16.28.2"]],
    );
    const perPod = asked.filter((path) => path.startsWith(`${data}/${prepared}/`));
    assert.deepEqual(
      perPod.map((path) => path.replace(/.*\//, "")),
      ["pod-created", "commit", "started", "plan.json"],
    );
  });

  it("asks the kernel for its locks only where a pod that is there has a lock file", async () => {
    const { data, context } = open("locks");
    let asked = 0;
    const awaitHeldInodes = (): Promise<ReadonlySet<string>> => {
      asked += 1;
      return real.locks.awaitHeldInodes();
    };
    const watched = { ...context, host: { ...context.host, locks: { ...real.locks, awaitHeldInodes } } };
    const states = async (): Promise<string[]> => (await viewPods(watched, [])).map(({ state }) => state);
    mkdirSync(`${data}/run/locks`, { recursive: true });
    writeFileSync(`${data}/run/locks/${makeUuid()}`, "");
    assert.deepEqual([await states(), asked], [["exited", "exited", "prepared"], 0]);
    writeFileSync(`${data}/run/locks/00000000-0000-4000-8000-000000000002`, "");
    assert.deepEqual([await states(), asked], [["exited", "exited", "prepared"], 1]);
  });

  it("leaves out a pod that cannot be read, and says so", async () => {
    const { data, context } = open("damaged");
    writeFileSync(`${data}/${prepared}/gen/${"0".repeat(64)}/listed`, `{"apps": 7}`);
    const problems: unknown[] = [];
    assert.equal((await viewPods(context, problems)).length, 2);
    assert.match(String(problems), /listed": it is no pod manifest/);
  });
});
