import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { planPods } from "../../src/apply/apply-pods.ts";
import { findEngine } from "../../src/apply/stage1.ts";
import { parsePodName } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { loadEngines } from "../../src/stage1/index.ts";
import { makeBase, webContext, webImage } from "../lib/web-pod.ts";

const real = createHost();
const base = makeBase();

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
  const context = webContext(host, base, engines);
  const declarations = Object.entries(pods).map(([name, net]) => {
    const text = `[Pod]\nNet=${net}\n[App web]\nImage=/web.aci\n`;
    writeFileSync(`${base}/${name}.pod`, text);
    return { name: parsePodName(name), files: [{ path: `${base}/${name}.pod`, text }] };
  });
  return await planPods(
    context,
    { declarations, problems: [], masked: [] },
    {
      provideImage: async () => ({ image: webImage, images: [webImage], layers: [`${base}/tree`] }),
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
