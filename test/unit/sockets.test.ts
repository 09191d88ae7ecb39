import assert from "node:assert/strict";
import { test } from "node:test";
import { describeSockets } from "../../src/apply/sockets.ts";
import { parsePodName } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import { parseDeclaration } from "../../src/spec/parse-declaration.ts";

const TEXT =
  "[App a]\nImage=example.com/a\n[Socket s]\nListenStream=80\nListenStream=127.0.0.1:81\nListenStream=/run/a\nListenDatagram=53\n";
const declaration = parseDeclaration(parsePodName("x"), [{ path: "x.pod", text: TEXT }]);

const addressesOn = (ipv6: boolean): string[] => {
  const host = { files: { exists: (path: string) => ipv6 && path === "/proc/net/if_inet6" } } as unknown as Host;
  return describeSockets(declaration, [], host).flatMap(({ listen }) => listen.map(({ address }) => address));
};

test("a bare port is the port at all addresses that the host's kernel has", () => {
  assert.deepEqual(addressesOn(true), ["[::]:80", "127.0.0.1:81", "/run/a", "[::]:53"]);
  assert.deepEqual(addressesOn(false), ["0.0.0.0:80", "127.0.0.1:81", "/run/a", "0.0.0.0:53"]);
});
