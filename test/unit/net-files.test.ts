import assert from "node:assert/strict";
import { test } from "node:test";
import { networkFiles } from "../../src/net/files.ts";
import type { NetworkInterface, PodNetwork } from "../../src/spec/network.ts";

function interfaceOf(index: number, routed: boolean): NetworkInterface {
  return {
    network: routed ? "default" : "default-restricted",
    name: `eth${index}`,
    hostName: `rktd000${index}`,
    bridge: routed ? "rkt-default" : "rkt-restricted",
    addresses: [
      { family: "ip4", address: `172.16.${index}.2`, prefixLength: 22, ...(routed ? { gateway: "172.16.28.1" } : {}) },
      { family: "ip6", address: `fd72::${index}:2`, prefixLength: 64 },
    ],
  } as NetworkInterface;
}

const network = (interfaces: readonly NetworkInterface[]): PodNetwork =>
  ({
    kind: "namespace",
    path: "/run/netns/rkt-x",
    interfaces,
    ports: [{ name: "web", protocol: "tcp", hostPort: 80, podPort: 8080 }],
  }) as unknown as PodNetwork;

test("ports lead to the interface that others than the host can reach, whichever place it has", () => {
  const up = networkFiles(network([interfaceOf(0, false), interfaceOf(1, true)])).get("up.nft") ?? "";
  assert.match(up, /ports \{ tcp \. 80 : 172\.16\.1\.2 \. 8080 \}/);
  assert.match(networkFiles(network([interfaceOf(0, false)])).get("up.nft") ?? "", /: 172\.16\.0\.2 \. 8080/);
});

test("a kernel without IPv6 is told of no address of it", () => {
  for (const taps of [undefined, { user: "rkt-vm" }]) {
    const files = networkFiles(network([interfaceOf(0, true)]), taps);
    const without = files.get("pod4.ip") ?? "";
    assert.doesNotMatch(without, /fd72|addrgenmode/);
    assert.notEqual(without, "");
    assert.ok((files.get("pod.ip") ?? "").length > without.length);
  }
});
