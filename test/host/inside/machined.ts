/** Runs inside a test host, from the checkout: machined/ and src/systemd/ against the real services. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { compareInterface } from "../../../machined/compare-interface.ts";
import { openMachined } from "../../../machined/machined.ts";
import { SYSTEM_BUS, SYSTEMD_PRIVATE } from "../../../src/dbus/address.ts";
import type { Bus } from "../../../src/dbus/bus.ts";
import { connectBus } from "../../../src/dbus/connect.ts";
import { openManager } from "../../../src/systemd/manager.ts";
import { execProperty, textProperty } from "../../../src/systemd/properties.ts";

const ID = "0123456789abcdef0123456789abcdef";
const bus = await connectBus(SYSTEM_BUS, { hello: true });
const machined = openMachined(bus);
const manager = openManager(bus);

function readExpected(name: string): string {
  return readFileSync(new URL(`../../../machined/org.freedesktop.machine1.${name}.xml`, import.meta.url), "utf8");
}

async function introspect(path: string): Promise<string> {
  const face = "org.freedesktop.DBus.Introspectable";
  const [xml] = await bus.call({ destination: "org.freedesktop.machine1", path, interface: face, member: "Introspect", reply: "s" });
  return String(xml);
}

/** A machine that is one process in a unit of its own. */
async function registerMachine(name: string): Promise<string> {
  assert.equal(await manager.startTransient(`${name}.service`, [execProperty("ExecStart", ["/usr/bin/sleep", "infinity"])]), "done");
  const { mainPid } = await manager.unitState(`${name}.service`);
  const facts = { service: "rkt", class: "container", leader: mainPid, rootDirectory: "", networkInterfaces: [1] } as const;
  return await machined.register({ name, id: ID, ...facts });
}

async function testMachines(): Promise<void> {
  assert.deepEqual(compareInterface(readExpected("Manager"), await introspect("/org/freedesktop/machine1")), []);
  assert.equal(await machined.get("nobody"), undefined);
  assert.equal(await machined.properties("nobody"), undefined);
  assert.equal(await machined.terminate("nobody"), false);
  assert.equal(await machined.waitRemoved("nobody", 1000), true);

  const path = await registerMachine("one");
  assert.deepEqual(compareInterface(readExpected("Machine"), await introspect(path)), []);
  const found = await machined.properties("one");
  assert.deepEqual(
    { id: found?.id, class: found?.class, service: found?.service, unit: found?.unit },
    { id: ID, class: "container", service: "rkt", unit: "one.service" },
  );
  assert.ok((await machined.list()).some((entry) => entry.name === "one" && entry.class === "container"));
  assert.deepEqual(await machined.addresses("one"), []);
  await assert.rejects(
    machined.register({
      name: "one",
      id: ID,
      service: "",
      class: "container",
      leader: found?.leader ?? 0,
      rootDirectory: "",
      networkInterfaces: [],
    }),
  );

  const pty = await machined.openPty("one");
  assert.match(pty.path, /^\/dev\/pts\/\d+$/);
  assert.ok(pty.fd > 2);
}

/** machined is killed while somebody waits, and the machine ends before it is back. */
async function testRestart(): Promise<void> {
  assert.equal(await machined.waitRemoved("one", 50), false);
  const removed = machined.waitRemoved("one", 10_000);
  await manager.killUnit("systemd-machined.service", "all", 9);
  await manager.stopUnit("one.service");
  assert.equal(await removed, true);
}

async function testTermination(): Promise<void> {
  await registerMachine("two");
  const removed = machined.waitRemoved("two", 10_000);
  assert.equal(await machined.terminate("two"), true);
  assert.equal(await removed, true);
  assert.equal(await manager.waitStopped("two.service", 10_000), true);
}

async function testManager(using: Bus): Promise<void> {
  const other = openManager(using);
  const missing = await other.unitState("nobody.service");
  assert.equal(missing.loadState, "not-found");
  assert.equal(await other.unitByPid(1), "init.scope");
  assert.equal(
    await other.startTransient("fails.service", [textProperty("Type", "oneshot"), execProperty("ExecStart", ["/usr/bin/false"])]),
    "failed",
  );
  const failed = await other.unitState("fails.service");
  assert.deepEqual([failed.activeState, failed.result, failed.execMainCode, failed.execMainStatus], ["failed", "exit-code", 1, 1]);
  await other.resetFailed("fails.service");
  await other.resetFailed("fails.service");
  await assert.rejects(other.startUnit("nobody.service"), { code: "dbus-error", message: /Cannot start unit "nobody.service": / });
}

await testMachines();
await testRestart();
await testTermination();
await testManager(bus);
const direct = await connectBus(SYSTEMD_PRIVATE, { hello: false });
await testManager(direct);
direct.close();
bus.close();

// The bus's end must be noticed by a process that only waits.
const last = await connectBus(SYSTEM_BUS, { hello: true });
const waiting = openManager(last).waitStopped("dbus.service");
execFileSync("systemctl", ["kill", "--signal=KILL", "dbus.service"]);
await assert.rejects(waiting, { code: "dbus-closed" });
process.stdout.write("all done\n");
// the descriptor of the terminal is still open
process.exit(0);
