import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAcName } from "../../src/base/id.ts";
import { type AppPorts, resolvePorts, type WantedPort } from "../../src/net/ports.ts";
import type { ImagePort } from "../../src/spec/appc.ts";

const port = (name: string, protocol: "tcp" | "udp", changes: Partial<ImagePort> = {}): ImagePort => ({
  name: parseAcName(name),
  protocol,
  port: 53,
  ...changes,
});

const apps: readonly AppPorts[] = [
  {
    app: "dns",
    ports: [port("dns-tcp", "tcp"), port("dns-udp", "udp"), port("more", "tcp"), port("socket", "tcp", { socketActivated: true })],
  },
];

const wanted = (name: string, line: number, hostIP?: string): WantedPort => ({
  name: parseAcName(name),
  hostPort: 53,
  ...(hostIP === undefined ? {} : { hostIP }),
  origin: { path: "/etc/rkt/pods.d/dns.pod", line },
});

test("one number for TCP and for UDP is two ports", () => {
  const ports = resolvePorts([wanted("dns-tcp", 3), wanted("dns-udp", 4)], apps, "namespace");
  assert.deepEqual(
    ports.map(({ protocol, hostPort }) => `${protocol} ${hostPort}`),
    ["tcp 53", "udp 53"],
  );
});

const TWINS: readonly (readonly [what: string, wanted: readonly WantedPort[], message: RegExp])[] = [
  [
    "two names",
    [wanted("dns-tcp", 3), wanted("more", 4)],
    /^\S+dns\.pod:4: Cannot forward tcp 53 to "more": "dns-tcp" of this pod has it$/,
  ],
  ["all addresses and one", [wanted("dns-tcp", 3), wanted("more", 4, "192.0.2.1")], /^\S+dns\.pod:4: Cannot forward tcp 192\.0\.2\.1:53/],
  ["a socket's and a forwarded one", [wanted("socket", 3), wanted("dns-tcp", 4)], /^\S+dns\.pod:4: Cannot forward tcp 53 to "dns-tcp"/],
];

for (const [what, ports, message] of TWINS) {
  test(`${what} on one port are refused with file and line`, () => {
    assert.throws(() => resolvePorts(ports, apps, "namespace"), { code: "port-twice", message });
  });
}

test("an activated port is not forwarded, and needs no network", () => {
  assert.deepEqual(resolvePorts([wanted("socket", 3, "::1")], apps, "host"), []);
  const message = /^\S+dns\.pod:4: Cannot forward port "dns-udp": the pod has no network of its own$/;
  assert.throws(() => resolvePorts([wanted("socket", 3), wanted("dns-udp", 4)], apps, "host"), { code: "port-without-network", message });
});
