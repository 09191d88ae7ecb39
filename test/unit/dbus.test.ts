import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import dbus from "dbus-next";
import { RktError } from "../../src/base/error.ts";
import { escapeLabel, parseAddress } from "../../src/dbus/address.ts";
import type { Bus } from "../../src/dbus/bus.ts";
import { connectBus } from "../../src/dbus/connect.ts";
import { isDbusError } from "../../src/dbus/error.ts";
import { matchText } from "../../src/dbus/matches.ts";
import { variant } from "../../src/dbus/value.ts";
import { waitSignal } from "../../src/dbus/wait.ts";

const DBUS = "org.freedesktop.DBus";
const DAEMON = "/usr/bin/dbus-daemon";

interface Daemon {
  readonly address: string;
  readonly process: ChildProcess;
}

async function startDaemon(directory: string): Promise<Daemon> {
  const address = `unix:path=${join(directory, "bus")}`;
  const child = spawn(DAEMON, ["--session", "--nofork", "--print-address", `--address=${address}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = once(child, "close").then(() => Promise.reject(new Error("dbus-daemon ended before it said its address")));
  await Promise.race([once(child.stdout, "data"), failed]);
  failed.catch(() => undefined);
  return { address, process: child };
}

function callBus(bus: Bus, member: string, signature = "", body: readonly unknown[] = []): Promise<unknown[]> {
  return bus.call({ destination: DBUS, path: "/org/freedesktop/DBus", interface: DBUS, member, signature, body });
}

test("an address names a socket's path and nothing else", () => {
  assert.equal(parseAddress("unix:path=/run/dbus/system_bus_socket"), "/run/dbus/system_bus_socket");
  for (const address of [
    "tcp:host=x",
    "unix:abstract=x",
    "unixexec:path=/bin/sh",
    "unix:path=/a;unix:path=/b",
    `unix:path=/${"x".repeat(107)}`,
  ]) {
    assert.throws(() => parseAddress(address), { code: "dbus-address" });
  }
});

test("object path labels are escaped as systemd does", () => {
  assert.equal(escapeLabel("rkt-pod@etcd.service"), "rkt_2dpod_40etcd_2eservice");
  assert.equal(escapeLabel("1a"), "_31a");
  assert.equal(escapeLabel(""), "_");
});

test("a match rule names sender, interface, member and path", () => {
  const rule = { sender: "org.x", interface: "org.x.I", member: "M", path: "/org/x" };
  assert.equal(matchText(rule), "type='signal',sender='org.x',interface='org.x.I',member='M',path='/org/x'");
});

test("a missing socket is a connect error", async () => {
  await assert.rejects(connectBus("unix:path=/nonexistent/socket", { hello: true }), { code: "dbus-connect" });
});

test("a peer that answers nothing or nonsense is an error within the time-out", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rkt-dbus-"));
  const path = join(directory, "peer");
  let speech = "";
  const server = createServer((socket) => socket.on("error", () => undefined).on("data", () => socket.write(speech)));
  await once(server.listen(path), "listening");
  await assert.rejects(connectBus(`unix:path=${path}`, { hello: false, timeoutMs: 50 }), { code: "dbus-connect" });
  speech = "OK 0123\r\n";
  const bus = await connectBus(`unix:path=${path}`, { hello: false });
  speech = "l\x02\x01\x01\x08\0\0\0\x01\0\0\0\x08\0\0\0garbage garbage!";
  await assert.rejects(callBus(bus, "GetId"), { code: "dbus-closed" });
  server.close();
  rmSync(directory, { recursive: true });
});

describe("on a bus", { skip: existsSync(DAEMON) ? false : "dbus-daemon is not installed" }, () => {
  let directory = "";
  let daemon: Daemon;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "rkt-dbus-"));
    daemon = await startDaemon(directory);
  });
  after(async () => {
    daemon.process.kill();
    rmSync(directory, { recursive: true });
  });

  test("calls answer in values, errors carry their D-Bus name", async () => {
    const bus = await connectBus(daemon.address, { hello: true });
    const [names] = await callBus(bus, "ListNames");
    assert.ok(Array.isArray(names) && names.includes(DBUS));
    const wrong = callBus(bus, "GetNameOwner", "s", ["org.nobody"]);
    await assert.rejects(wrong, (error) => isDbusError(error, "org.freedesktop.DBus.Error.NameHasNoOwner") && !isDbusError(error, "x"));
    const [credentials] = await callBus(bus, "GetConnectionCredentials", "s", [DBUS]);
    assert.equal((credentials as Record<string, unknown>)["ProcessID"], daemon.process.pid);
    const other = bus.call({ destination: DBUS, path: "/", interface: "org.freedesktop.DBus.Peer", member: "GetMachineId", reply: "u" });
    await assert.rejects(other, (error) => error instanceof RktError && error.code.startsWith("dbus-"));
    bus.close();
    await assert.rejects(callBus(bus, "ListNames"), { code: "dbus-closed" });
  });

  test("a call without answer times out", async () => {
    const [silent, bus] = await Promise.all([connectBus(daemon.address, { hello: true }), connectBus(daemon.address, { hello: true })]);
    await callBus(silent, "RequestName", "su", ["org.rkt.Silent", 0]);
    const call = { destination: "org.rkt.Silent", path: "/", interface: "org.rkt.I", member: "M", timeoutMs: 30 };
    await assert.rejects(bus.call(call), { code: "dbus-timeout" });
    silent.close();
    bus.close();
  });

  test("match rules are removed again: thousands of matches pass the bus's limit", async () => {
    const bus = await connectBus(daemon.address, { hello: true });
    for (let round = 0; round < 600; round += 1) {
      const rule = { sender: DBUS, interface: DBUS, member: "NameAcquired" };
      (await bus.match(rule, () => undefined)).close();
    }
    const [stats] = await bus.call({
      destination: DBUS,
      path: "/org/freedesktop/DBus",
      interface: "org.freedesktop.DBus.Debug.Stats",
      member: "GetStats",
    });
    assert.equal((stats as Record<string, number>)["MatchRules"], 0);
    bus.close();
  });

  test("signals are heard after the service came back under another unique name, and never from another sender", async () => {
    const bus = await connectBus(daemon.address, { hello: true });
    const heard: unknown[] = [];
    const subscription = await bus.match(SAID, (signal) => heard.push(signal.body[0]));
    await callBus(bus, "RequestName", "su", ["org.rkt.Victim", 0]);
    await say(daemon.address, { text: "one", as: SAID.sender });
    await say(daemon.address, { text: "two", as: SAID.sender });
    await say(daemon.address, { text: "forged", to: "org.rkt.Victim" });
    await callBus(bus, "GetId");
    assert.deepEqual(heard, ["one", "two"]);
    subscription.close();
    bus.close();
  });

  test("a connection that receives descriptors takes calls one by one and no matches", async () => {
    const bus = await connectBus(daemon.address, { hello: true, receivesDescriptors: true });
    const answers = await Promise.all([callBus(bus, "GetId"), callBus(bus, "GetId"), callBus(bus, "GetId")]);
    assert.equal(new Set(answers.flat()).size, 1);
    await assert.rejects(
      bus.match(SAID, () => undefined),
      { code: "dbus-match" },
    );
    const body = [variant("h", 0)];
    await assert.rejects(callBus(bus, "Nope", "v", body), { code: "dbus-descriptors" });
    bus.close();
  });

  test("the bus's death fails what is pending, what waits and what follows", async () => {
    const own = mkdtempSync(join(tmpdir(), "rkt-dbus-"));
    const victim = await startDaemon(own);
    const bus = await connectBus(victim.address, { hello: true });
    await callBus(bus, "RequestName", "su", ["org.rkt.Silent", 0]);
    const pending = bus.call({ destination: "org.rkt.Silent", path: "/", interface: "org.rkt.I", member: "M" });
    const waiting = waitSignal(bus, { sender: DBUS, interface: DBUS, member: "NameLost" }, { accept: () => undefined });
    const refused = Promise.all([assert.rejects(pending, { code: "dbus-closed" }), assert.rejects(waiting, { code: "dbus-closed" })]);
    await callBus(bus, "GetId");
    victim.process.kill("SIGKILL");
    await refused;
    await assert.rejects(callBus(bus, "GetId"), { code: "dbus-closed" });
    rmSync(own, { recursive: true });
  });
});

const SAID = { sender: "org.rkt.Service", interface: "org.rkt.I", member: "Said" };

/** Emits the signal from a connection of its own. */
async function say(address: string, speech: { readonly text: string; readonly as?: string; readonly to?: string }): Promise<void> {
  const speaker = dbus.sessionBus({ busAddress: address });
  await once(speaker, "connect");
  if (speech.as !== undefined) await speaker.requestName(speech.as, 0);
  const signal = dbus.Message.newSignal("/org/rkt", SAID.interface, SAID.member, "s", [speech.text]);
  if (speech.to !== undefined) signal.destination = speech.to;
  speaker.send(signal);
  const roundTrip = { destination: DBUS, path: "/", interface: DBUS, member: "GetId" };
  await speaker.call(new dbus.Message(roundTrip));
  speaker.disconnect();
}
