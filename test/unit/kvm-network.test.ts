import assert from "node:assert/strict";
import { test } from "node:test";
import { addressLines, networkFiles } from "../../src/net/files.ts";
import { networkUp } from "../../src/net/script.ts";
import type { PodNetwork } from "../../src/spec/network.ts";
import { machineInterfaces } from "../../src/stage1/kvm/network.ts";
import { describePod } from "../lib/pod-description.ts";

const uuid = describePod().uuid;

const network: PodNetwork = {
  kind: "namespace",
  path: `/run/netns/rkt-${uuid}`,
  interfaces: [
    {
      network: "default",
      name: "eth0",
      hostName: "rktd0002",
      bridge: "rkt-default",
      addresses: [
        { family: "ip4", address: "172.16.28.2", prefixLength: 22, gateway: "172.16.28.1" },
        { family: "ip6", address: "fd72:6b74:1c::2", prefixLength: 64, gateway: "fd72:6b74:1c::1" },
      ],
    },
    {
      network: "default-restricted",
      name: "eth1",
      hostName: "rktr0002",
      bridge: "rkt-restricted",
      addresses: [{ family: "ip4", address: "172.31.0.2", prefixLength: 16 }],
    },
  ],
  ports: [{ name: "web", protocol: "tcp", hostPort: 8080, podPort: 80 }],
};

test("behind taps the namespace has bridges instead of addresses, and the machine has what the namespace would have", () => {
  const plain = networkFiles(network);
  const behind = networkFiles(network, { user: "rkt-vm" });
  assert.equal(
    behind.get("pod.ip"),
    `link add name br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link set dev br0 addrgenmode none
link set dev br0 up
link set dev eth0 addrgenmode none
link set dev eth0 master br0 up
link set dev eth0 type bridge_slave learning off
tuntap add dev tap0 mode tap user rkt-vm
link set dev tap0 addrgenmode none
link set dev tap0 master br0 up
link set dev tap0 type bridge_slave learning off
link add name br1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link set dev br1 up
link set dev eth1 master br1 up
link set dev eth1 type bridge_slave learning off
tuntap add dev tap1 mode tap user rkt-vm
link set dev tap1 master br1 up
link set dev tap1 type bridge_slave learning off
`,
  );
  assert.equal(addressLines(network).join("\n"), plain.get("pod.ip")?.trimEnd());
  assert.equal(`netns add rkt-${uuid}\n${behind.get("host.ip") ?? ""}`, plain.get("host.ip"));
  for (const name of ["down.ip", "up.nft", "down.nft"]) assert.equal(behind.get(name), plain.get(name), name);
});

test("behind taps the namespace is that of the pod's unit", () => {
  const places = { directory: "/net", runDir: "/run/rkt", uuid };
  const attach = `nsenter --net=/proc/self/fd/9 sh -c 'exec ip netns attach "$1" $$' sh rkt-${uuid}`;
  assert.ok(networkUp(network, { ...places, taps: true }).includes(attach));
  assert.ok(!networkUp(network, places).some((line) => line.includes("attach")));
});

test("each card of a machine has a locally administered address that stays the same", () => {
  const cards = machineInterfaces(describePod({ network }));
  assert.deepEqual(cards, machineInterfaces(describePod({ network })));
  assert.deepEqual(
    cards.map(({ tap }) => tap),
    ["tap0", "tap1"],
  );
  assert.equal(new Set(cards.map(({ mac }) => mac)).size, 2);
  for (const { mac } of cards) assert.match(mac, /^02(:[0-9a-f]{2}){5}$/);
  assert.deepEqual(machineInterfaces(describePod()), []);
});
