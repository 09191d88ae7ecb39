import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { createPodDirectory, makeUuid } from "../../src/apply/carry-out.ts";
import { collectPods, removeAdHoc } from "../../src/apply/collect.ts";
import type { ApplyContext } from "../../src/apply/context.ts";
import { reclaimClaims } from "../../src/apply/reclaim.ts";
import { resetAtBoot, sweepPods } from "../../src/apply/sweep.ts";
import { claimUserRange } from "../../src/apply/user-range.ts";
import type { RktError } from "../../src/base/error.ts";
import { parsePodName, type Uuid } from "../../src/base/id.ts";
import { listClaims, releaseClaims, tryClaim } from "../../src/host/claims.ts";
import type { Files, Host, Lock } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { claimAddress } from "../../src/net/claim-address.ts";
import { addressAt, builtInNetworks } from "../../src/net/networks.ts";
import { createAdHoc, moveAdHoc, writeLauncher } from "../../src/pod/ad-hoc.ts";
import { findPod } from "../../src/pod/find.ts";
import type { Phase } from "../../src/pod/paths.ts";
import { listPhase } from "../../src/pod/pod.ts";

const real = createHost();
const base = mkdtempSync(`${tmpdir()}/rkt-collect-`);
after(() => rmSync(base, { recursive: true }));
const [network] = builtInNetworks;
assert.ok(network !== undefined);

/** A host that may answer otherwise than this machine, and directories of its own. */
function world(change: (root: string) => Partial<Files> = () => ({})) {
  const root = mkdtempSync(`${base}/root-`);
  const dirs = { dataDir: `${root}/data`, runDir: `${root}/run` };
  const host: Host = { ...real, files: { ...real.files, ...change(root) } };
  const errors: RktError[] = [];
  const fail = (error: RktError): void => void errors.push(error);
  const collect = (): Promise<void> => {
    const options = { graceMs: 0, expireMs: 3_600_000, markOnly: false, say: () => undefined, tell: () => undefined, fail };
    return collectPods({ host, dirs, manager: undefined } as unknown as ApplyContext, options);
  };
  return { root, dirs, host, errors, fail, collect, addresses: `${dirs.dataDir}/net/default` };
}

type World = ReturnType<typeof world>;

/** What there is of a pod in that phase besides its plan. Its lock is free. */
function make({ dirs }: World, phase: Phase, address?: string): Uuid {
  const uuid = makeUuid();
  const lock = createAdHoc(real, dirs, uuid);
  if (address !== undefined) tryClaim(real, `${dirs.dataDir}/net/default`, { name: address, holder: uuid });
  if (phase !== "prepare") moveAdHoc(real, dirs, uuid, ["prepare", phase]);
  lock.release();
  return uuid;
}

const holders = ({ addresses }: World): string[] => listClaims(real, addresses).map(({ holder }) => holder);

for (const phase of ["run", "exited-garbage", "garbage"] as const) {
  test(`where all addresses are taken a pod gets that of one in ${phase} that has ended, which goes where gc would move it`, () => {
    const here = world(() => ({ tryReadText: (path) => (path === "/proc/net/route" ? undefined : real.files.tryReadText(path)) }));
    const { host, dirs, addresses } = here;
    const named = makeUuid();
    createPodDirectory(host, dirs, parsePodName("web"), named);
    mkdirSync(addresses, { recursive: true });
    const last = addressAt(network, 1022);
    for (let index = 2; index < 1022; index += 1) writeFileSync(`${addresses}/${addressAt(network, index)}`, `${named}\n`);
    const ended = make(here, phase, last);
    const uuid = makeUuid();
    const request = { dataDir: dirs.dataDir, uuid };
    assert.throws(() => claimAddress(host, network, request), /all are taken/);
    assert.equal(claimAddress(host, network, { ...request, reclaim: () => reclaimClaims(host, dirs) }), last);
    assert.deepEqual(
      listPhase(host, dirs, phase === "garbage" ? phase : "exited-garbage").map((pod) => pod.uuid),
      [ended],
    );
    assert.equal(holders(here).filter((holder) => holder === named).length, 1020, "a named pod keeps its own");
    assert.throws(() => claimAddress(host, network, { ...request, uuid: makeUuid(), reclaim: () => reclaimClaims(host, dirs) }));
  });
}

const uses: Readonly<Record<string, (here: World, uuid: Uuid, present: Set<string>) => Lock | undefined>> = {
  "holds its lock": ({ host, dirs }, uuid) => host.locks.tryLock(`${dirs.runDir}/locks/${uuid}`, { wait: 0 }),
  "has a launcher": ({ host, dirs }, uuid) => void writeLauncher(host, `${dirs.dataDir}/pods/run/${uuid}`, process.pid),
  "has a unit": (_, uuid, present) => void present.add(`/run/systemd/transient/rkt-run-${uuid}.service`),
  "is being cleaned up after": (_, uuid, present) => void present.add(`/run/systemd/transient/rkt-clean-${uuid}.service`),
  "has a network namespace": (_, uuid, present) => void present.add(`/run/netns/rkt-${uuid}`),
  "has forwarded ports": ({ dirs }, uuid) => {
    mkdirSync(`${dirs.runDir}/net`);
    symlinkSync("/nowhere", `${dirs.runDir}/net/${uuid}`);
    return undefined;
  },
};

for (const [what, use] of Object.entries(uses)) {
  test(`a pod that ${what} keeps its address, and stays where it is`, () => {
    const present = new Set<string>();
    const here = world(() => ({ exists: (path) => present.has(path) || real.files.exists(path) }));
    const uuid = make(here, "run", "172.16.28.2");
    const lock = use(here, uuid, present);
    reclaimClaims(here.host, here.dirs);
    assert.deepEqual([holders(here), existsSync(`${here.dirs.dataDir}/pods/run/${uuid}`)], [[uuid], true]);
    lock?.release();
  });
}

test("a pod whose unit comes while it is marked keeps its address", () => {
  const present = new Set<string>();
  const here = world(() => ({
    exists: (path) => present.has(path) || real.files.exists(path),
    rename: (from, to) => {
      real.files.rename(from, to);
      present.add(`/run/systemd/transient/rkt-run-${from.slice(from.lastIndexOf("/") + 1)}.service`);
    },
  }));
  const uuid = make(here, "run", "172.16.28.2");
  reclaimClaims(here.host, here.dirs);
  assert.deepEqual(holders(here), [uuid]);
});

test("what is prepared or being prepared keeps its address", () => {
  const here = world();
  const uuids = [make(here, "prepare", "172.16.28.2"), make(here, "prepared", "172.16.28.3")];
  reclaimClaims(here.host, here.dirs);
  assert.deepEqual(holders(here), uuids);
});

test("where no range of ids is free a pod gets that of one that has ended", () => {
  const here = world();
  const host: Host = { ...here.host, random: () => Buffer.alloc(4) };
  const { dataDir } = here.dirs;
  const ended = make(here, "run");
  const range = claimUserRange(host, { dataDir, uuid: ended });
  const uuid = makeUuid();
  assert.throws(() => claimUserRange(host, { dataDir, uuid }), /no free range/);
  assert.deepEqual(claimUserRange(host, { dataDir, uuid, reclaim: () => reclaimClaims(host, here.dirs) }), range);
});

test("claims are given back by one at a time", () => {
  const here = world();
  const uuid = make(here, "garbage", "172.16.28.2");
  let other: Lock | undefined;
  const isGone = (holder: string): boolean => {
    other = real.locks.tryLock(`${here.addresses}/.lock`, { wait: 0 });
    return holder === uuid;
  };
  assert.equal(releaseClaims(here.host, here.addresses, isGone).length, 1);
  assert.equal(other, undefined);
});

test("gc spares a pod that is made while it looks", async () => {
  let looks = 0;
  let made: Uuid | undefined;
  const here: World = world((root) => ({
    tryList: (path) => {
      const entries = real.files.tryList(path);
      // The second look into the last phase is the end of what gc knows.
      if (path === `${root}/data/pods/garbage` && ++looks === 2) made = make(here, "prepared", "172.16.28.2");
      return entries;
    },
  }));
  await here.collect();
  assert.ok(made !== undefined);
  assert.deepEqual(holders(here), [made]);
  assert.ok(existsSync(`${here.dirs.runDir}/locks/${made}`));
  await here.collect();
  assert.deepEqual(holders(here), [made]);
});

test("gc gives back what pods hold that are gone, and nothing of a named pod whose record cannot be read", async () => {
  const here = world();
  const [named, gone] = [makeUuid(), makeUuid()];
  createPodDirectory(here.host, here.dirs, parsePodName("web"), named);
  writeFileSync(`${here.dirs.dataDir}/pods/named/${named}/commit`, "{");
  tryClaim(real, here.addresses, { name: "172.16.28.2", holder: named });
  tryClaim(real, here.addresses, { name: "172.16.28.3", holder: gone });
  await here.collect();
  assert.deepEqual(holders(here), [named]);
});

/** As the kernel answers for what is immutable. */
function refusing(path: () => string): Pick<Files, "removeTree" | "rename"> {
  const refuse = (given: string): void => {
    if (given !== path()) return;
    throw Object.assign(new Error(`EPERM: operation not permitted, unlink '/proc/self/fd/20/\u001B[2J'`), { code: "EPERM" });
  };
  return {
    removeTree: (given) => (refuse(given), real.files.removeTree(given)),
    rename: (from, to) => (refuse(from), real.files.rename(from, to)),
  };
}

test("a pod that cannot be marked or removed keeps no other from it, and is told of", async () => {
  for (const phase of ["run", "garbage"] as const) {
    let stuck = "";
    const here = world((root) => refusing(() => `${root}/data/pods/${phase}/${stuck}`));
    stuck = make(here, "run", "172.16.28.2");
    for (let index = 3; index < 8; index += 1) make(here, "run", `172.16.28.${index}`);
    await here.collect();
    const message = `Cannot remove pod "${stuck}": EPERM: operation not permitted, unlink '/proc/self/fd/20/\\x1b[2J'`;
    assert.deepEqual(
      here.errors.map((error) => error.message),
      [message],
    );
    const left = ["run", "exited-garbage", "garbage"].flatMap((name) => real.files.tryList(`${here.dirs.dataDir}/pods/${name}`));
    assert.deepEqual([left, holders(here)], [[stuck], [stuck]]);
    stuck = "";
    await here.collect();
    assert.deepEqual(holders(here), []);
  }
});

test("what is no answer of the kernel ends gc", async () => {
  const here = world(() => ({
    rename: () => {
      throw new TypeError("of the program");
    },
  }));
  make(here, "run");
  await assert.rejects(here.collect(), TypeError);
});

test("rm fails where gc would go on", async () => {
  let stuck = "";
  const here = world((root) => refusing(() => `${root}/data/pods/garbage/${stuck}`));
  stuck = make(here, "run");
  const context = { host: here.host, dirs: here.dirs, manager: undefined } as unknown as ApplyContext;
  await assert.rejects(removeAdHoc(context, findPod(here.host, here.dirs, stuck)), /EPERM/);
});

test("a generation, draft or last run that cannot be removed keeps no other from it", () => {
  const stuck = { path: "" };
  const here = world(() => refusing(() => stuck.path));
  const named = `${here.dirs.dataDir}/pods/named`;
  const pods = ["a", "b"].map((name) => {
    const uuid = makeUuid();
    createPodDirectory(real, here.dirs, parsePodName(name), uuid);
    for (const directory of ["gen/1", "gen/2", "rw", "rw.last"]) mkdirSync(`${named}/${uuid}/${directory}`);
    return uuid;
  });
  const drafts = [makeUuid(), makeUuid()].map((uuid) => `.new-${uuid}`);
  for (const draft of drafts) mkdirSync(`${named}/${draft}`);
  const [pod] = pods;

  stuck.path = `${named}/${pod}/gen/1`;
  assert.equal(sweepPods(here.host, here.dirs, here.fail).length, 3);
  assert.deepEqual(
    pods.map((uuid) => readdirSync(`${named}/${uuid}/gen`)),
    [["1"], []],
  );

  for (const draft of drafts) mkdirSync(`${named}/${draft}`);
  stuck.path = `${named}/${drafts[0]}`;
  sweepPods(here.host, here.dirs, here.fail);
  assert.deepEqual(
    drafts.map((draft) => existsSync(`${named}/${draft}`)),
    [true, false],
  );

  stuck.path = `${named}/${pod}/rw.last`;
  resetAtBoot(here.host, here.dirs, here.fail);
  assert.deepEqual(
    pods.map((uuid) => existsSync(`${named}/${uuid}/rw`)),
    [true, false],
  );
  assert.deepEqual(
    here.errors.map((error) => /^Cannot remove "([^"]+)": EPERM/.exec(error.message)?.[1]),
    [`${named}/${pod}/gen/1`, `${named}/${drafts[0]}`, `${named}/${pod}/rw.last`],
  );
});
