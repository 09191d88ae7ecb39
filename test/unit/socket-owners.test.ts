import assert from "node:assert/strict";
import { test } from "node:test";
import { assertPortsUnheard, assertSocketsFree, type ListeningSocket } from "../../src/net/socket-owners.ts";
import type { ForwardedPort, PodNetwork } from "../../src/spec/network.ts";

type Option = readonly [key: string, value: string];

const stream = (address: string, ...options: Option[]): ListeningSocket => ({
  name: "main",
  listen: [{ kind: "stream", address }],
  options,
});
const datagram = (address: string, ...options: Option[]): ListeningSocket => ({
  name: "main",
  listen: [{ kind: "datagram", address }],
  options,
});
const sequential = (address: string): ListeningSocket => ({ name: "main", listen: [{ kind: "sequential", address }], options: [] });

const ONLY: Option = ["BindIPv6Only", "ipv6-only"];
const BOTH: Option = ["BindIPv6Only", "both"];
const REUSE: Option = ["ReusePort", "yes"];
const device = (name: string): Option => ["BindToDevice", name];

function taken(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    assert.equal((error as { readonly code?: string }).code, "port-taken");
    return true;
  }
}

const PAIRS: readonly (readonly [a: ListeningSocket, b: ListeningSocket, collide: boolean, ipv6Only?: boolean])[] = [
  [stream("[::]:80"), stream("[::]:80"), true],
  [stream("[::]:80"), stream("[::]:81"), false],
  [stream("[::]:80"), datagram("[::]:80"), false],
  [stream("[::]:80"), stream("127.0.0.1:80"), true],
  [stream("[::]:80"), stream("[::1]:80"), true],
  [stream("[::]:80", ONLY), stream("127.0.0.1:80"), false],
  [stream("[::]:80", ONLY), stream("0.0.0.0:80"), false],
  [stream("[::]:80", ONLY), stream("[::1]:80"), true],
  [stream("[::]:80"), stream("127.0.0.1:80"), false, true],
  [stream("[::]:80", BOTH), stream("127.0.0.1:80"), true, true],
  [stream("0.0.0.0:80"), stream("127.0.0.1:80"), true],
  [stream("0.0.0.0:80"), stream("[::1]:80"), false],
  [stream("127.0.0.1:80"), stream("127.0.0.2:80"), false],
  [stream("[fd00::1]:80"), stream("[fd00:0:0:0:0:0:0:1]:80"), true],
  [stream("[::ffff:127.0.0.1]:80"), stream("127.0.0.1:80"), true],
  [stream("[::]:80", REUSE), stream("[::]:80", REUSE), false],
  [stream("[::]:80", REUSE), stream("[::]:80"), true],
  [stream("[::]:80", device("eth0")), stream("[::]:80", device("eth1")), false],
  [stream("[::]:80", device("eth0")), stream("[::]:80"), true],
  [stream("[::]:80", ["SocketProtocol", "sctp"]), stream("[::]:80"), false],
  [datagram("[::]:53"), datagram("127.0.0.1:53"), true],
  [datagram("224.0.0.251:5353"), datagram("224.0.0.251:5353"), false],
  [stream("/run/a"), stream("/run/a"), true],
  [stream("/run/a"), datagram("/run/a"), true],
  [stream("/run/a"), stream("/var/run/a"), true],
  [stream("/run/a"), stream("/run/b"), false],
  [stream("@a"), stream("@a"), true],
  [stream("@a"), sequential("@a"), false],
];

const nameOf = ({ listen, options }: ListeningSocket): string =>
  [...listen.map(({ kind, address }) => `${kind} ${address}`), ...options.map((option) => option.join("="))].join(" ");

for (const [a, b, collide, ipv6Only = false] of PAIRS) {
  test(`${nameOf(a)} and ${nameOf(b)} ${collide ? "are one place" : "are two"}${ipv6Only ? " with bindv6only" : ""}`, () => {
    for (const [mine, theirs] of [
      [a, b],
      [b, a],
    ] as const) {
      const owners = [{ who: 'pod "x"', sockets: [theirs] }];
      const found = taken(() => assertSocketsFree([mine], owners, { ipv6Only }));
      assert.equal(found, collide);
    }
  });
}

const network = (port: Partial<ForwardedPort>, family: "ip4" | "ip6" = "ip6"): PodNetwork => ({
  kind: "namespace",
  path: "/run/netns/x",
  interfaces: [
    { network: "default", name: "eth0", hostName: "rktd", bridge: "b", addresses: [{ family, address: "192.0.2.1", prefixLength: 24 }] },
  ],
  ports: [{ name: "web", protocol: "tcp", hostPort: 80, podPort: 8080, ...port }],
});

const FORWARDED: readonly (readonly [socket: ListeningSocket, network: PodNetwork, collide: boolean])[] = [
  [stream("[::]:80"), network({}), true],
  [stream("[::]:81"), network({}), false],
  [datagram("[::]:80"), network({}), false],
  [datagram("[::]:80"), network({ protocol: "udp" }), true],
  [stream("127.0.0.1:80"), network({}), true],
  [stream("[::1]:80"), network({}), false],
  [stream("[fd00::1]:80"), network({}), true],
  [stream("[fd00::1]:80"), network({}, "ip4"), false],
  [stream("127.0.0.1:80"), network({ hostAddress: "192.0.2.9" }), false],
  [stream("[::]:80"), network({ hostAddress: "192.0.2.9" }), true],
  [stream("[::]:80", ONLY), network({ hostAddress: "192.0.2.9" }), false],
  [stream("/run/80"), network({}), false],
];

for (const [index, [socket, forwarding, collide]] of FORWARDED.entries()) {
  test(`${nameOf(socket)} and a forwarded port ${collide ? "collide" : "do not"}, case ${index}`, () => {
    const options = { ipv6Only: false };
    const socketFound = taken(() => assertSocketsFree([socket], [{ who: 'pod "x"', network: forwarding }], options));
    const portFound = taken(() => assertPortsUnheard(forwarding, [{ who: 'pod "x"', sockets: [socket] }], options));
    assert.deepEqual([socketFound, portFound], [collide, collide]);
  });
}

test("the sentence names place, socket and pod", () => {
  const options = { ipv6Only: false };
  const owners = [{ who: 'pod "x"', sockets: [stream("[::]:7000")] }];
  assert.throws(() => assertSocketsFree([stream("127.0.0.1:7000")], owners, options), {
    message: 'Cannot listen on tcp 127.0.0.1:7000 for socket "main": pod "x" has it',
  });
  assert.throws(() => assertPortsUnheard(network({ hostPort: 7000 }), owners, options), {
    message: 'Cannot forward tcp 7000 to port "web": pod "x" listens there',
  });
});
