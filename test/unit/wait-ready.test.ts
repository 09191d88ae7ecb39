import assert from "node:assert/strict";
import { test } from "node:test";
import type { Context } from "../../src/cli/context.ts";
import type { PodView } from "../../src/cli/pod-view.ts";
import { waitReady } from "../../src/cli/wait-for-pod.ts";
import type { Bus, SignalListener } from "../../src/dbus/bus.ts";
import { type Manager, openManager } from "../../src/systemd/manager.ts";

type Property = "ActiveState" | "Job" | "Type" | "RemainAfterExit";

/** A unit of this state, from which it goes through others; one that is not about to be started has no job. */
function busWith(properties: Partial<Record<Property, unknown>>, states: readonly string[] = []): Bus {
  const known: Record<string, unknown> = { Job: [0, "/"], Type: "notify", RemainAfterExit: false, ...properties };
  let listener: SignalListener = () => undefined;
  return {
    hasNames: true,
    call: async ({ member, body = [] }) => {
      if (member !== "Get") return [];
      if (body[1] === "ActiveState") setImmediate(() => states.forEach(signal));
      return [known[String(body[1])]];
    },
    match: async (_rule, given) => {
      listener = given;
      return { close: () => undefined };
    },
    onDeath: () => () => undefined,
    close: () => undefined,
  };
  function signal(state: string): void {
    listener({ path: "", interface: "", member: "PropertiesChanged", body: ["", { ActiveState: state }] });
  }
}

const soon = 5000;
const cases: readonly (readonly [what: string, bus: Bus, active: boolean])[] = [
  ["is active", busWith({ ActiveState: "active" }), true],
  ["has failed", busWith({ ActiveState: "failed" }), false],
  ["becomes active", busWith({ ActiveState: "inactive" }, ["activating", "active"]), true],
  ["is started again", busWith({ ActiveState: "deactivating" }, ["inactive", "activating", "active"]), true],
  ["fails", busWith({ ActiveState: "activating" }, ["failed"]), false],
  ["is a job that ends", busWith({ ActiveState: "activating", Type: "oneshot", Job: [7, "/x"] }, ["inactive"]), false],
  [
    "is a job that begins and ends",
    busWith({ ActiveState: "inactive", Type: "oneshot", Job: [7, "/x"] }, ["activating", "inactive"]),
    false,
  ],
  ["is a job that has ended before", busWith({ ActiveState: "inactive", Type: "oneshot" }), false],
];

for (const [what, bus, active] of cases) {
  test(`waiting for a unit to be active returns where it ${what}`, async () => {
    const begun = performance.now();
    assert.equal(await openManager(bus).waitActive("x.service", soon), active);
    assert.ok(performance.now() - begun < soon / 2);
  });
}

test("a unit that may yet be started is waited for", async () => {
  assert.equal(await openManager(busWith({ ActiveState: "inactive" })).waitActive("x.service", 30), undefined);
  const ended = busWith({ ActiveState: "inactive" }, ["deactivating", "inactive"]);
  assert.equal(await openManager(ended).waitActive("x.service", 30), undefined);
});

const uuid = "00000000-0000-4000-8000-000000000001";
const context = { host: { files: { tryReadText: () => undefined } } } as unknown as Context;
const adHoc = (state: PodView["state"]): PodView => ({ state, pod: { uuid, phase: "run", directory: "/nowhere" } }) as unknown as PodView;

/** Looks at a pod of these states, one after the other, the last for good. */
function lookAt(states: readonly PodView["state"][]): { readonly look: () => PodView; readonly left: PodView["state"][] } {
  const left = [...states];
  return { look: () => adHoc((left.length > 1 ? left.shift() : left[0]) ?? "exited"), left };
}

test("an ad-hoc pod without a unit that has ended does not become ready, whether before or meanwhile", { timeout: soon }, async () => {
  const manager: Manager = { ...openManager(busWith({})), waitActive: async () => undefined };
  for (const states of [["exited"], ["exited garbage"], ["running", "running", "exited"]] as const) {
    const { look, left } = lookAt(states);
    await waitReady(context, look, { manager, left: () => undefined });
    assert.deepEqual(left, [states.at(-1)]);
  }
});

test("an ad-hoc pod whose unit has failed does not become ready, and is waited for until it has ended", { timeout: soon }, async () => {
  const manager = openManager(busWith({ ActiveState: "activating" }, ["failed"]));
  let waits = 0;
  const counting: Manager = { ...manager, waitActive: (...given) => ((waits += 1), manager.waitActive(...given)) };
  const { look, left } = lookAt(["running", "running", "exited"]);
  await waitReady(context, look, { manager: counting, left: () => undefined });
  assert.deepEqual(left, ["exited"]);
  assert.equal(waits, 1);
});
