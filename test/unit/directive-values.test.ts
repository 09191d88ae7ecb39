import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePodName } from "../../src/base/id.ts";
import { checkDirective } from "../../src/spec/directive-values.ts";
import { APP_DIRECTIVES } from "../../src/spec/keys.ts";
import { readDeclarationText } from "../../src/spec/parse-declaration.ts";

/** What `systemd-analyze verify` of systemd 252 says of each. */
const VALUES: readonly (readonly [keys: string, good: readonly string[], bad: readonly string[]])[] = [
  [
    "MemoryMax StartupMemoryMax MemoryHigh StartupMemoryHigh",
    ["64M", "64 M", "1.5G", "1.G", "1G 512M", "1G1M", "1000B", "+5", "1E", "50%", "50.5%", "+50%", "5‰", "5‱", "infinity"],
    [
      "lots",
      "64 MiB",
      "64MiB",
      "64MB",
      "64m",
      "1KB",
      "0x10",
      ".5G",
      "0",
      "0K",
      "0.1",
      "0%",
      "110%",
      "50.555%",
      "1 2",
      "2K 1M",
      "5B3K",
    ].concat(["64M foo", '"64M"', "Infinity", "-1", "99999999999999999999"]),
  ],
  [
    "MemoryMin MemoryLow StartupMemoryLow MemorySwapMax StartupMemorySwapMax MemoryZSwapMax",
    ["0", "0K", "64M", "10%", "infinity"],
    ["lots", "64MB"],
  ],
  ["TasksMax", ["10", "0x10", "+5", "10%", "10.5%", "0%", "infinity"], ["0", "64K", "x", "-5", "110%", "100.1%"]],
  ["CPUQuota", ["50%", "+50%", "50.55%", "200%", "1000000%", "5‰"], ["half", "50", "0%", "0.001%", ".5%", "50 %", "infinity"]],
  ["CPUWeight StartupCPUWeight", ["1", "10000", "idle", "0x10", "010", "+10"], ["0", "10001", "Idle", "heavy", "50%"]],
  ["IOWeight StartupIOWeight", ["1", "10000", "0x10"], ["0", "20000", "idle"]],
  ["IODeviceWeight", ["/dev/vda 5", '"/dev/v da" 5'], ["/dev/vda", "/dev/vda 50000"]],
  [
    "IOReadBandwidthMax IOWriteBandwidthMax",
    ["/dev/vda 2M", "/dev/vda 1G 512M", "/dev/vda infinity"],
    ["/dev/vda", "/dev/vda x", "/dev/vda 2MB"],
  ],
  ["IOReadIOPSMax IOWriteIOPSMax", ["/dev/vda 1K", "/dev/vda 500"], ["/dev/vda 1x", "500"]],
  ["IODeviceLatencyTargetSec", ["/dev/vda 25ms"], ["/dev/vda soon"]],
  ["CPUAccounting MemoryAccounting TasksAccounting IOAccounting CPUSchedulingResetOnFork", ["yes", "ON", "T", "0"], ["maybe", "2"]],
  [
    "CPUQuotaPeriodSec",
    ["10ms", "10", "1.5s", ".5s", "5 s", "+5", "1min30s", "5min 5", "1month", "1y", "infinity"],
    ["5x", "-5", "5sx", "soon"],
  ],
  ["Nice", ["19", "-20", "+5", "0x5", "010"], ["55", "20", "-21", "x", "09", "5.5"]],
  ["UMask", ["0", "22", "0022", "7777", "00000022"], ["9", "0o22", "17777", "u=rwx", "+22"]],
  [
    "LimitNOFILE LimitNPROC LimitLOCKS LimitSIGPENDING LimitRTPRIO",
    ["64", "0x40", "0b11", "0o17", "+5", "0", "64:128", "64: 128", "64:infinity", "infinity"],
    ["64K", "-1", "099", "128:64", "64 : 128", "1:2:3", "5:", ":5", "10 20", "99999999999999999999"],
  ],
  [
    "LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitAS LimitMEMLOCK LimitMSGQUEUE",
    ["0", "010", "64K", "64 K", "1.5G", "1G 512M", "4G:8G", "64M:infinity", "infinity"],
    ["64KB", "64KiB", "64k", "50%", "0x10", "8G:4G", "infinity:64M"],
  ],
  ["LimitCPU LimitRTTIME", ["5", "5s", "1min 30s", "5min:10min", "5M", "infinity"], ["bla", "5x", "1:2:3"]],
  [
    "LimitNICE",
    ["0", "-0", "15", "40", "+5", "-20", "+19", "0x5", "0:0", "+5:-5", "5:+5"],
    ["41", "+20", "-21", "-20:19", "-5:+5", "infinity"],
  ],
  ["OOMPolicy", ["continue", "stop", "kill"], ["bla", "Kill", "1"]],
  ["CPUSchedulingPolicy", ["other", "batch", "rr", "ext", "6"], ["bla", "RR"]],
  ["CPUSchedulingPriority", ["0", "99", "0x5"], ["100", "-1"]],
  ["IOSchedulingClass", ["none", "realtime", "best-effort", "idle", "2"], ["bla", "rt", "be"]],
  ["IOSchedulingPriority", ["0", "7"], ["8", "-1"]],
];

for (const [keys, good, bad] of VALUES) {
  test(`values of ${keys} are those that systemd takes`, () => {
    for (const key of keys.split(" ")) {
      assert.ok(APP_DIRECTIVES.includes(key), key);
      for (const value of good) assert.doesNotThrow(() => checkDirective(key, value), `${key}=${value}`);
      for (const value of bad) assert.throws(() => checkDirective(key, value), { code: "value-invalid" }, `${key}=${value}`);
    }
  });
}

test("a key without a grammar takes any value", () => {
  for (const key of ["AllowedCPUs", "CPUAffinity", "MemoryPressureWatch"]) assert.doesNotThrow(() => checkDirective(key, "x"));
});

test("a long value is read at once", () => {
  const value = `${"1".repeat(100_000)}x`;
  const start = performance.now();
  for (const [keys] of VALUES.filter(([key]) => !key.startsWith("IO"))) {
    for (const key of keys.split(" ")) assert.throws(() => checkDirective(key, value), { code: "value-invalid" }, key);
  }
  assert.ok(performance.now() - start < 5000);
});

test("each wrong value is a problem with its line, also in a drop-in", () => {
  const { problems } = readDeclarationText(parsePodName("web"), [
    {
      path: "web.pod",
      text: "[App main]\nImage=example.com/web\nMemoryMax=lots\nLimitNOFILE=1024\nUMask=9\n[Service]\nTasksMax=10\nCPUQuota=half\n",
    },
    { path: "web.pod.d/a.conf", text: "[App main]\nNice=55\n[Service]\nMemoryMax=1GB\nMemoryMax=\n" },
  ]);
  assert.deepEqual(
    problems.map(({ message }) => message),
    [
      'web.pod:3: Cannot use "MemoryMax=lots"',
      'web.pod:5: Cannot use "UMask=9"',
      'web.pod:8: Cannot use "CPUQuota=half"',
      'web.pod.d/a.conf:2: Cannot use "Nice=55"',
    ],
  );
});
