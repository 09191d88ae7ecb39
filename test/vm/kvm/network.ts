import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { property } from "../../lib/box.ts";
import type { TestMachine } from "../../lib/machine.ts";
import { compileStatic } from "../../lib/pod-host.ts";
import { connect, SOCKET_APP } from "../../lib/socket-app.ts";
import { waitFor } from "../../lib/wait-for.ts";
import { SLOW, startMachine } from "./pods.ts";

/** What the image "box" of these checks has besides. */
export async function networkImage() {
  return {
    files: { "bin/echod": await compileStatic(SOCKET_APP) },
    app: { exec: ["/bin/true"], ports: [{ name: "web", protocol: "tcp" as const, port: 80 }] },
  };
}

const IMAGE = "Image=/root/images/box.aci\n";
const shell = (script: string): string => `[App main]\n${IMAGE}Exec=/bin/sh -c '${script}'\n`;
/** Tells what it sees, asks the host, and answers at a port as long as it runs. */
const TALKS = shell(
  "ip -o addr show dev eth0; ip route; cat /proc/sys/net/ipv4/conf/eth0/rp_filter /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_unprivileged_port_start; " +
    "nc -w 60 172.16.28.1 7900 </dev/null; while :; do echo from $(hostname) | nc -l -p 80; done",
);
/** Milliseconds: a machine starts before there is an answer, emulated and beside other tests. */
const PATIENCE = 180_000;
const SETTINGS = "Sysctl=net.ipv4.conf.eth0.rp_filter=2\nSysctl=kernel.msgmax=9000\n";

const pods: Readonly<Record<string, string>> = {
  one: `${SLOW}[Pod]\nStage1=kvm\nHostname=one\nPort=web:7901\n${SETTINGS}${TALKS}`,
  two: `${SLOW}[Pod]\nStage1=kvm\nHostname=two\n${shell("nc -w 60 172.16.28.1 7901 </dev/null; exec sleep 1000")}`,
  web:
    `${SLOW}[Pod]\nStage1=kvm\n[App main]\n${IMAGE}Exec=/bin/echod -1\nUser=1000\nGroup=1000\n` +
    `[Socket http]\nListenStream=7902\n[Socket admin]\nListenStream=/run/web-admin.sock\nSocketMode=0600\n`,
};

const refused: readonly (readonly [pod: string, reason: RegExp])[] = [
  [`${SLOW}[Pod]\nStage1=kvm\nNet=host\n${shell("true")}`, /it has a network stack of its own, never the host's/],
  [
    `${SLOW}[Pod]\nStage1=kvm\nNet=none\n${shell("true")}[Socket x]\nListenStream=7903\n`,
    /connections of socket "x" come over its network/,
  ],
  [
    `${SLOW}[Pod]\nStage1=kvm\n${shell("true")}[Socket x]\nListenDatagram=7903\n`,
    /only streams can be carried to it, and socket "x" is none/,
  ],
  [`${SLOW}[Pod]\nStage1=kvm\n${shell("true")}[Socket x]\nListenStream=7903\nListenStream=7904\n`, /socket "x" has several addresses/],
];

/** What a pod's network leaves on the host, which is to be nothing. */
async function leftovers(vm: TestMachine): Promise<string> {
  return await vm.sh(`ls /run/netns /run/rkt/net /run/rkt/vm /run/rkt/cids /run/rkt/guests 2>/dev/null | grep -v : || :
    ip -o link | grep -E 'rkt[dr][0-9]|tap|br0' || :; nft list maps | grep elements || :`);
}

async function gone(vm: TestMachine, pod: string): Promise<void> {
  const rests = async () => (/^(inactive|failed)$/.test(await property(vm, pod, "ActiveState")) ? true : undefined);
  await waitFor(rests, { what: `the end of ${pod}`, timeout: 120_000, interval: 300 });
  const clean = async () => ((await leftovers(vm)).trim() === "" ? true : undefined);
  await waitFor(clean, { what: `nothing left of ${pod}`, timeout: 20_000, interval: 500 }).catch(async () =>
    assert.equal(await leftovers(vm), "", pod),
  );
}

/** A line of the pod's app that matches. */
function line(vm: TestMachine, pod: string, pattern: RegExp): Promise<string> {
  const read = async (): Promise<string | undefined> => {
    const uuid = /^uuid=(.*)$/m.exec(await vm.sh(`rkt status ${pod}`))?.[1] ?? "";
    const text = await vm.sh(`journalctl --quiet --output=cat -D /var/log/journal/${uuid.replaceAll("-", "")} -t main || :`);
    return pattern.exec(text)?.[0];
  };
  return waitFor(read, { what: `${String(pattern)} of ${pod}`, timeout: 120_000, interval: 1000 });
}

/** What a connection to an address of the host, or to a pod, says; the server listens anew for each, and so not always. */
function ask(vm: TestMachine, address: string, port: number): Promise<string> {
  const read = async (): Promise<string | undefined> =>
    (await vm.run(["bash", "-c", `exec 3<>/dev/tcp/${address}/${port}; timeout 30 cat <&3`])).stdout.trim() || undefined;
  return waitFor(read, { what: `an answer of ${address}, port ${port}`, timeout: 60_000, interval: 500 });
}

/** The network of pods in virtual machines; `vm` has the image "box" with what `networkImage` adds. */
export async function checkNetwork(t: TestContext, vm: TestMachine): Promise<void> {
  for (const [name, text] of Object.entries(pods)) await vm.write(`/etc/rkt/pods.d/${name}.pod`, text);
  await vm.sh(`rkt pod apply ${Object.keys(pods).join(" ")}`);

  await t.test("what its network cannot be is refused in words", async () => {
    for (const [text, reason] of refused) {
      await vm.write("/etc/rkt/pods.d/bad.pod", text);
      const result = await vm.run(["rkt", "pod", "apply", "bad"]);
      assert.notEqual(result.status, 0);
      assert.match(result.stderr, reason);
    }
    await vm.sh("rm /etc/rkt/pods.d/bad.pod");
  });

  await t.test("it has the address that rkt says, and the settings; it and the host reach each other, also by a port", async () => {
    await vm.write("/run/answer.js", `require("node:net").createServer((s) => s.end("host\\n")).listen(7900, "172.16.28.1");`);
    await vm.sh("systemd-run -q --unit=answers /usr/lib/rkt/bin/node /run/answer.js");
    await startMachine(vm, "one");
    const address = /^networks=default:ip4=(.*)$/m.exec(await vm.sh("rkt status one"))?.[1] ?? "";
    assert.match(await vm.sh("rkt list"), new RegExp(`default:ip4=${address}`));
    assert.match(
      await vm.sh("machinectl list --no-legend"),
      new RegExp(`^rkt-\\S+ +container +rkt .* ${address.replaceAll(".", "\\.")}`, "m"),
    );
    await line(vm, "one", new RegExp(`inet ${address.replaceAll(".", "\\.")}/22`));
    await line(vm, "one", /^2\n9000\n0$/m);
    await line(vm, "one", /^host$/m);
    assert.equal(await ask(vm, address, 80), "from one");
    assert.equal(await ask(vm, "127.0.0.1", 7901), "from one");
  });

  await t.test("another pod has another address, and reaches the first by its port", async () => {
    await startMachine(vm, "two");
    await line(vm, "two", /^from one$/m);
    const [one, two] = [await vm.sh("rkt status one"), await vm.sh("rkt status two")];
    assert.notEqual(/^networks=.*$/m.exec(one)?.[0], /^networks=.*$/m.exec(two)?.[0]);
    await vm.sh("systemctl stop rkt-pod@two");
  });

  await t.test("nothing is left, however it ends", async () => {
    await vm.sh("systemctl stop rkt-pod@one");
    await gone(vm, "one");
    await startMachine(vm, "one");
    await vm.sh("systemctl kill --signal=KILL --kill-who=main rkt-pod@one");
    await gone(vm, "one");
    // The start script fails at its last step.
    await vm.sh("nft add element ip rkt ports '{ tcp . 7901 : 172.16.28.99 . 80 }'");
    assert.notEqual((await vm.run(["systemctl", "start", "rkt-pod@one"])).status, 0);
    await vm.sh("nft delete element ip rkt ports '{ tcp . 7901 }' 2>/dev/null || :");
    await gone(vm, "one");
  });

  await t.test("fifty connections at once start it, each is answered by the app, and it is in no other's reach", async () => {
    await vm.sh("systemctl start rkt-pod@web.socket");
    assert.equal((await vm.sh("stat -c %a /run/web-admin.sock")).trim(), "600");
    assert.equal(await property(vm, "web", "ActiveState"), "inactive");
    const answer = /^fds=2 own=yes names=(http:admin|admin:http)$/;
    const lines = await connect(vm, 7902, { count: 50, patience: PATIENCE });
    assert.equal(lines.length, 50);
    for (const each of lines) assert.match(each, answer);
    assert.match((await connect(vm, "/run/web-admin.sock", { patience: PATIENCE })).join(), answer);
    assert.match(await vm.sh("systemctl is-active rkt-proxy@web rkt-proxy@web:admin || :"), /^active\nactive\n$/);
    // At the app's own address nobody but the host is let in.
    const address = /ip4=(.*)$/m.exec(await vm.sh("rkt status web"))?.[1] ?? "";
    assert.match(await ask(vm, address, 7902), answer);
    await vm.write(
      "/etc/rkt/pods.d/two.pod",
      `${SLOW}[Pod]\nStage1=kvm\n${shell(`echo got $(nc -w 5 ${address} 7902 </dev/null); exec sleep 1000`)}`,
    );
    await vm.sh("rkt pod apply two");
    await startMachine(vm, "two");
    assert.equal(await line(vm, "two", /^got.*$/m), "got");
    await vm.sh("systemctl stop rkt-pod@two");
    // The pod ends, and its proxies with it: the next connection starts both.
    await vm.sh("systemctl stop rkt-pod@web.service");
    await gone(vm, "web");
    assert.doesNotMatch(await vm.sh("systemctl is-active rkt-proxy@web rkt-proxy@web:admin || :"), /^active$/m);
    assert.match((await connect(vm, "/run/web-admin.sock", { patience: PATIENCE })).join(), answer);
    await vm.sh("systemctl stop rkt-pod@web.socket rkt-pod@web.service");
    await gone(vm, "web");
    await vm.sh("rkt pod rm web");
    assert.equal(await vm.sh("ls /etc/systemd/system.attached | grep rkt-proxy || :"), "");
  });
}
