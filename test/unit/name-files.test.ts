import assert from "node:assert/strict";
import { test } from "node:test";
import { describeHosts, describeResolvConf } from "../../src/net/names.ts";
import type { DnsSettings } from "../../src/spec/name-files.ts";

const settings = (changes: Partial<DnsSettings>): DnsSettings => ({ dns: [], dnsSearch: [], dnsOption: [], ...changes });

test("resolv.conf has what was said, in this order", () => {
  const said = settings({ dns: ["192.0.2.1", "2001:db8::1"], dnsSearch: ["a.example", "b"], dnsOption: ["ndots:2"], dnsDomain: "c" });
  const text = "# Made by rkt.\nsearch a.example b\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions ndots:2\ndomain c\n";
  assert.deepEqual(describeResolvConf(said), { kind: "text", text });
  assert.deepEqual(describeResolvConf(settings({})), { kind: "image" });
  assert.deepEqual(describeResolvConf(settings({ dns: ["none"] })), { kind: "image" });
  assert.deepEqual(describeResolvConf(settings({ dns: ["host"] })), { kind: "host" });
});

const WRONG: readonly (readonly [Partial<DnsSettings>, RegExp])[] = [
  [{ dns: ["host"], dnsSearch: ["a"] }, /"host" stands alone$/],
  [{ dns: ["192.0.2.1", "none"] }, /"none" stands alone$/],
  [{ dns: ["x"] }, /^Cannot use "x" in the pod's resolv.conf: it is no IP address$/],
  [{ dnsOption: ["a\nb"] }, /has other characters/],
  [{ dnsDomain: "a b" }, /has other characters/],
];

for (const [changes, message] of WRONG) {
  test(`no resolv.conf is made of ${JSON.stringify(changes)}`, () => {
    assert.throws(() => describeResolvConf(settings(changes)), { code: "dns-invalid", message });
  });
}

test("hosts has a line for each address; a name without one has the one before", () => {
  const text = "127.0.0.1 localhost one\n::1 localhost ip6-localhost ip6-loopback\n192.0.2.7 db db.example x\n192.0.2.8 web\n";
  assert.deepEqual(describeHosts(["192.0.2.7=db,db.example,192.0.2.8=web", "192.0.2.7=x"], "one"), { kind: "text", text });
  assert.deepEqual(describeHosts(["host"], "one"), { kind: "host" });
  assert.deepEqual(describeHosts([], "one"), { kind: "image" });
  for (const entry of ["db", "192.0.2.7=", "192.0.2.7=a b", "192.0.2.7=db,host"])
    assert.throws(() => describeHosts([entry], "one"), { code: "hosts-invalid" }, entry);
});
