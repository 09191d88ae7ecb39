import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePodName } from "../../src/base/id.ts";
import { proxyUnits } from "../../src/apply/proxies.ts";
import type { Host } from "../../src/host/host.ts";
import type { PodDescription, SocketDescription } from "../../src/pod/engine.ts";
import type { PodNetwork } from "../../src/spec/network.ts";
import { checkVirtualMachine } from "../../src/stage1/kvm/check.ts";
import { guestAddresses, guestSockets } from "../../src/stage1/kvm/sockets.ts";
import { copyNames } from "../../src/stage1/kvm/names.ts";
import { serializeUnitFile } from "../../src/unit/unit-file.ts";
import { describePod } from "../lib/pod-description.ts";

const network: PodNetwork = {
  kind: "namespace",
  path: "/run/netns/rkt-x",
  interfaces: [
    {
      network: "default",
      name: "eth0",
      hostName: "rktd0002",
      bridge: "rkt-default",
      addresses: [{ family: "ip4", address: "172.16.28.2", prefixLength: 22, gateway: "172.16.28.1" }],
    },
  ],
  ports: [{ name: "web", protocol: "tcp", hostPort: 8080, podPort: 29300 }],
};

function withSockets(...addresses: string[]): PodDescription {
  const [app] = describePod().apps;
  const sockets = addresses.map((address, index): SocketDescription => ({
    name: `s${index}`,
    app: app!.name,
    listen: [{ kind: "stream", address }],
    options: [["BindIPv6Only", "both"]],
  }));
  return describePod({ network, sockets });
}

test("sockets keep their ports in the guest; paths, and a port that another has, get one of their own", () => {
  const pod = withSockets("[::]:80", "/run/x:80", "127.0.0.1:80", "@a:81", "[::1]:443");
  const own = (port: number): string => `172.16.28.2:${port}`;
  assert.deepEqual(guestAddresses(pod), [80, 29301, 29302, 29303, 443].map(own));
});

test("a guest's socket listens for the host only, and has none of the options of the host's", () => {
  assert.deepEqual(guestSockets(withSockets("[::]:80"))[0], {
    name: "s0",
    app: "first",
    listen: [{ kind: "stream", address: "172.16.28.2:80" }],
    options: [
      ["FreeBind", "yes"],
      ["IPAddressDeny", "any"],
      ["IPAddressAllow", "172.16.28.1"],
    ],
  });
});

test("each socket has a proxy that starts the pod and may connect to its address only", () => {
  const sockets = ["rkt-pod@web.socket", "rkt-pod@web:admin.socket"];
  const proxies = proxyUnits({
    name: parsePodName("web"),
    sockets,
    proxied: ["172.16.28.2:80", "172.16.28.2:29300"],
    comments: ["Made by a test."],
  });
  assert.deepEqual(
    proxies.map(({ unit }) => unit),
    ["rkt-proxy@web.service", "rkt-proxy@web:admin.service"],
  );
  const lines = serializeUnitFile(proxies[1]!.file).split("\n");
  for (const line of [
    "Requires=rkt-pod@web.service",
    "After=rkt-pod@web.service",
    "Sockets=rkt-pod@web:admin.socket",
    "ExecStart=/usr/lib/systemd/systemd-socket-proxyd --connections-max=4096 172.16.28.2:29300",
    "IPAddressAllow=172.16.28.2",
  ])
    assert.ok(lines.includes(line), line);
});

test("a guest has the host's names as they are when it is made", () => {
  const host = { files: { tryReadText: (path: string) => `of ${path}\n` } } as unknown as Host;
  const pod = describePod({ resolvConf: { kind: "host" } });
  assert.deepEqual(copyNames(pod, host), { resolvConf: { kind: "text", text: "of /etc/resolv.conf\n" }, hosts: { kind: "image" } });
});

test("a unit that runs rkt keeps its sockets: a machine that would not hear their connections is refused", () => {
  const host = { env: { LISTEN_FDS: "1" }, files: { tryStat: () => undefined } } as unknown as Host;
  const { name: _, ...adHoc } = describePod({ sockets: [], devices: [] });
  assert.throws(() => checkVirtualMachine(adHoc, host), {
    code: "kvm-refused",
    message: /sockets of the unit that runs rkt do not reach it/,
  });
});
