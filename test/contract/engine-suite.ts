import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, it } from "node:test";
import { RktError } from "../../src/base/error.ts";
import { parseAcIdentifier, parseImageId } from "../../src/base/id.ts";
import type { AppDescription, Engine, EnginePlan, PlanFile, PodDescription } from "../../src/pod/engine.ts";
import { parseUnitFile } from "../../src/unit/parse.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

/** What src/pod/engine.ts promises of every engine. */
export function testEngine(engine: Engine): void {
  describe(`engine ${engine.name}`, () => {
    it("plans equally for equal pods, and changes none of them", () => {
      const pod = freeze(describePod());
      const again = freeze(describePod());
      assert.deepEqual(engine.plan(pod), engine.plan(again));
      assert.deepEqual(engine.plan(pod), engine.plan(pod));
    });

    it("plans plain data", () => {
      const plan = engine.plan(describePod());
      assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
    });

    for (const [what, pod] of Object.entries(samples())) {
      it(`plans ${what} as files that stay in their place`, () => checkFiles(engine.plan(pod).files));
      it(`plans ${what} as units that are read back`, () => checkUnits(engine.plan(pod)));
      it(`plans ${what} as one command with a whole path`, () => checkCommands(engine.plan(pod)));
    }

    it("gives the unit at least the time that an app has to stop", () => {
      const slow = describePod({ apps: [describeApp("slow", { stopTimeoutUsec: 300_000_000 })] });
      assert.ok(engine.plan(slow).stopTimeoutUsec >= 300_000_000);
    });

    for (const [place, poison] of Object.entries(hostilePlaces)) {
      for (const text of hostileTexts) {
        it(`lets nothing escape its line: ${JSON.stringify(text)} as ${place}`, () => checkHostile(engine, poison(text)));
      }
    }
  });
}

function samples(): Record<string, PodDescription> {
  return {
    "a pod with everything": describePod(),
    "the smallest pod": describePod({
      apps: [describeApp("only", { layers: ["/t"] })],
      volumes: [],
      sockets: [],
      devices: [],
      sysctls: [],
    }),
    "a pod on the host's network": describePod({ network: { kind: "host" }, job: true }),
    "a pod with an image of stage1": describePod({
      stage1: {
        id: parseImageId(`sha512-${"b".repeat(128)}`),
        name: parseAcIdentifier("coreos.com/rkt/stage1-coreos"),
        root: "/var/lib/rkt/cas/tree/stage1/rootfs",
      },
    }),
  };
}

/** A line of its own, if it ever became one; the sections of every kind that hold programs. */
const LINE = "ExecStartPre=/bin/escaped";
const hostileTexts = [`x\n${LINE}`, `x\r${LINE}`, `x\0${LINE}`, `x\\\n${LINE}`, `x"\n[Service]\n${LINE}`, "x\\", `x' ; ${LINE}`];

/** All text that users write; names of pods, apps, volumes and images are of types that only their parsers make. */
const hostilePlaces: Record<string, (text: string) => PodDescription> = {
  "value of a variable": (text) => withApp({ environment: [{ name: "A", value: text }] }),
  "name of a variable": (text) => withApp({ environment: [{ name: text, value: "1" }] }),
  argument: (text) => withApp({ exec: ["/bin/a", text] }),
  program: (text) => withApp({ exec: [`/${text}`] }),
  "argument of a handler": (text) => withApp({ preStart: ["/bin/a", text], postStop: ["/bin/a", text] }),
  "working directory": (text) => withApp({ workingDirectory: `/${text}` }),
  "mount point": (text) => withApp({ mounts: [{ volume: describePod().volumes[0]!.name, path: `/${text}`, readOnly: false }] }),
  "value of a directive": (text) => withApp({ directives: [["LimitNOFILE", text]] }),
  hostname: (text) => describePod({ hostname: text }),
  "name of a socket": (text) => withSocket({ name: text }),
  "address of a socket": (text) => withSocket({ listen: [{ kind: "stream", address: `/${text}` }] }),
  "value of a sysctl": (text) => describePod({ sysctls: [{ name: "kernel.msgmax", value: text }] }),
};

function withApp(changes: Partial<AppDescription>): PodDescription {
  return describePod({ apps: [describeApp("first", changes)], sockets: [] });
}

function withSocket(changes: Partial<PodDescription["sockets"][number]>): PodDescription {
  const [socket] = describePod().sockets;
  return describePod({ sockets: [{ ...socket!, ...changes }] });
}

/** Refused, or planned with as many lines as a harmless value has. */
function checkHostile(engine: Engine, pod: PodDescription): void {
  let plan: EnginePlan;
  try {
    plan = engine.plan(pod);
    serializeUnitFile(unitFile({ Service: plan.service }));
  } catch (error) {
    assert.ok(error instanceof RktError, `refused by ${String(error)}`);
    return;
  }
  checkFiles(plan.files);
  checkUnits(plan);
  checkCommands(plan);
  for (const file of plan.files) {
    if (file.kind === "file") assert.ok(!/^\s*ExecStartPre=\/bin\/escaped/m.test(file.content), `${file.path}:\n${file.content}`);
  }
}

function checkFiles(files: readonly PlanFile[]): void {
  const kinds = new Map<string, PlanFile["kind"]>();
  for (const file of files) {
    const { path } = file;
    assert.ok(path !== "" && !path.startsWith("/") && posix.normalize(path) === path && !/^\.\.?(\/|$)/.test(path), `path ${path}`);
    assert.ok(!/\p{Cc}/u.test(path), `path ${JSON.stringify(path)}`);
    assert.ok(!kinds.has(path), `${path} stands twice`);
    const parent = posix.dirname(path);
    assert.ok(parent === "." || kinds.get(parent) === "directory", `${path} stands before its directory`);
    if (file.kind !== "symlink") assert.equal(file.mode & ~0o1777, 0, `mode of ${path}`);
    if (file.kind === "symlink") checkTarget(path, file.target);
    kinds.set(path, file.kind);
  }
}

/** Followed on the host, a link must not lead out of the tree. */
function checkTarget(path: string, target: string): void {
  assert.ok(!target.startsWith("/"), `${path} → ${target}`);
  assert.ok(!posix.join(posix.dirname(path), target).startsWith(".."), `${path} → ${target}`);
}

function checkUnits(plan: EnginePlan): void {
  for (const file of plan.files) {
    if (file.kind !== "file" || !/\.(service|socket|target|mount|path|timer|slice|(?<!\/resolv\.)conf)$/.test(file.path)) continue;
    const text = parseUnitFile(file.content, file.path);
    assert.ok(text.sections.length > 0, `${file.path} is empty`);
  }
  const service = serializeUnitFile(unitFile({ Service: plan.service }));
  assert.equal(parseUnitFile(service, "service").sections.length, 1);
}

function checkCommands(plan: EnginePlan): void {
  assert.match(plan.argv[0] ?? "", /^\/[\w./-]+$/);
  for (const word of plan.argv) assert.ok(!word.includes("\0"), `argument ${JSON.stringify(word)}`);
  for (const line of plan.stopCommands) assert.ok(!/[\n\r\0]/.test(line), `stop command ${JSON.stringify(line)}`);
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) freeze(item);
    Object.freeze(value);
  }
  return value;
}
