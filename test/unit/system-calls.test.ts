import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFilters, callWarnings, knownCalls, unknownCalls } from "../../src/apply/system-calls.ts";
import type { Host } from "../../src/host/host.ts";
import type { Isolator } from "../../src/spec/appc.ts";
import type { PodDeclaration } from "../../src/spec/declaration.ts";

const filter = (kind: "retain" | "remove", set: readonly string[], errno?: string): Isolator[] => [
  { name: `os/linux/seccomp-${kind}-set` as Isolator["name"], value: { set, ...(errno === undefined ? {} : { errno }) } },
];
const known = (): ReadonlySet<string> => new Set(["chmod", "mount"]);

test("a filter of which nothing would be left is refused, with the names", () => {
  assert.throws(() => assertFilters(filter("remove", ["chmodx", "fchmodatx"]), known), {
    code: "seccomp-unknown",
    message: 'Cannot forbid "chmodx", "fchmodatx": systemd knows no such system call',
  });
  for (const set of [["chmod"], ["chmod", "newer"], ["@docker/default-blacklist", "newer"]])
    assert.doesNotThrow(() => assertFilters(filter("remove", set), known), set.join());
  // It allows less, which nobody overlooks.
  for (const set of [["newer"], ["newer", "chmod"]]) assert.doesNotThrow(() => assertFilters(filter("retain", set), known));
  assert.doesNotThrow(() => assertFilters(filter("remove", ["chmodx"]), () => undefined), "systemd cannot be asked");
});

test("an error that there is not is refused", () => {
  assert.throws(() => assertFilters(filter("remove", ["chmod"], "ENOPE"), known), { message: /"ENOPE"/ });
  for (const errno of ["EPERM", "ENOSYS", "ENOMEDIUM"]) assert.doesNotThrow(() => assertFilters(filter("remove", ["chmod"], errno), known));
});

test("what of a filter has no effect is said at the app; systemd is not asked for nothing", () => {
  const app = { name: "main", isolators: filter("remove", ["chmod", "newer"]), origin: { path: "/x.pod", line: 3 } };
  assert.deepEqual(callWarnings({ apps: [app] } as unknown as PodDeclaration, known), [
    { path: "/x.pod", line: 3, message: 'The filter of app "main" goes without "newer": this host\'s systemd knows no such system call' },
  ]);
  assert.deepEqual(unknownCalls(filter("retain", ["@docker/default-whitelist"]), assert.fail), []);
});

test("systemd's own list, with calls that are obsolete", () => {
  const said =
    "@known\n    # All known syscalls declared in the kernel\n    @obsolete\n    chmod\n    accept4\n\n@obsolete\n    # Obsolete\n    uselib\n";
  const host = (stdout: string) => ({ programs: { run: () => ({ stdout: Buffer.from(stdout) }) } }) as unknown as Host;
  assert.deepEqual(knownCalls(host(said)), new Set(["chmod", "accept4", "uselib"]));
  assert.equal(knownCalls(host("")), undefined);
});
