import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Hypervisor, type MachineSpec, mebibytes } from "../../src/stage1/kvm/hypervisor/hypervisor.ts";
import { hypervisors } from "../../src/stage1/kvm/hypervisor/index.ts";
import { lkvm } from "../../src/stage1/kvm/hypervisor/lkvm.ts";
import { resultCommands } from "../../src/stage1/kvm/result.ts";
import { describePod } from "../lib/pod-description.ts";

/** What src/stage1/kvm/hypervisor/hypervisor.ts promises of every driver. */
function testHypervisor(hypervisor: Hypervisor): void {
  describe(`hypervisor ${hypervisor.name}`, () => {
    const spec = describeMachine(hypervisor);

    it("is told of everything that the machine has", () => {
      const line = hypervisor.argv(spec).join(" ");
      for (const word of [spec.kernel, spec.initrd, ...spec.disks, String(spec.cid), spec.name])
        assert.ok(line.includes(word), `${word} in ${line}`);
      for (const { tap, mac } of spec.interfaces) assert.ok(line.includes(tap) && line.includes(mac), line);
      for (const { tag, source } of spec.shares) assert.ok(line.includes(tag) && line.includes(source), line);
    });

    it("gives all of the memory, however much it is", () => {
      for (const size of [256, 2176, 4176, 70_000]) {
        const words = hypervisor.argv({ ...spec, memory: size * 2 ** 20 });
        assert.ok(
          words.some((word) => new RegExp(`(^|=)${size}M?(,|$)`).test(word)),
          words.join(" "),
        );
      }
    });

    it("has the kernel's command line, and nothing else, in its last word", () => {
      assert.equal(hypervisor.argv(spec).at(-1), spec.kernelArguments.join(" "));
    });

    it("gives disks in order, and none to write", () => {
      const words = hypervisor.argv(spec);
      const found = spec.disks.map((disk) => words.findIndex((word) => word.includes(disk)));
      assert.deepEqual(
        found,
        found.toSorted((a, b) => a - b),
      );
      for (const index of found) assert.match(words[index] ?? "", /readonly=on|,ro$/);
    });

    it("gives no network where the machine has none", () => {
      const line = hypervisor.argv({ ...spec, interfaces: [] }).join(" ");
      assert.match(line, /-nodefaults|mode=none/);
      assert.ok(!line.includes("tap"), line);
    });

    it("plans equally for equal machines, and plain words", () => {
      assert.deepEqual(hypervisor.argv(spec), hypervisor.argv(describeMachine(hypervisor)));
      for (const word of hypervisor.argv(spec)) assert.ok(!/\p{Cc}/u.test(word), word);
    });

    it("asks for what it writes only in the directory that it gets", () => {
      for (const value of Object.values(hypervisor.environment("/run/machine"))) assert.match(value, /^\/run\/machine(\/|$)/);
    });

    it("has no status that proves a good end: only the guest's word does", () => {
      assert.equal(hypervisor.statuses[0], undefined);
      const results: readonly (readonly [death: Death, said: string | undefined, expected: string])[] = [
        [{ result: "success", code: "exited", status: "0" }, "main exited 0 success", "0"],
        [{ result: "success", code: "exited", status: "0" }, "main exited 7 exit-code", "7"],
        [{ result: "success", code: "exited", status: "0" }, "main killed KILL signal", "SIGKILL"],
        // A panic, a hard stop: the machine ran, and nobody says how its apps ended.
        [{ result: "success", code: "exited", status: "0" }, undefined, "254"],
        // Killed by the host: that is the result already.
        [{ result: "signal", code: "killed", status: "KILL" }, "main exited 0 success", "0"],
      ];
      for (const [death, said, expected] of results) assert.equal(endUnit(hypervisor, death, said).end, expected, JSON.stringify(death));
    });

    it("says in words why no machine came to be", () => {
      for (const [status, reason] of Object.entries(hypervisor.statuses)) {
        const { text } = endUnit(hypervisor, { result: "exit-code", code: "exited", status }, undefined);
        assert.match(text, new RegExp(`There is no virtual machine, ${hypervisor.name} says why: ${reason}`));
      }
    });
  });
}

/** What systemd tells the last line of the unit of its main process. */
interface Death {
  readonly result: string;
  readonly code: string;
  readonly status: string;
}

/** How the unit's last line ends after that death, where the guest ran and has `said` a line of how an app ended. */
function endUnit(hypervisor: Hypervisor, death: Death, said: string | undefined): { readonly end: string; readonly text: string } {
  const directory = temporary();
  writeFileSync(join(directory, "ran"), "");
  if (said !== undefined) writeFileSync(join(directory, "exits"), `${said}\n`);
  const { read, end } = resultCommands(describePod(), hypervisor);
  const script = [
    `guest=${directory} pod=${directory} engine=${death.result}`,
    "mkdir $pod/status",
    ...read.filter((line) => !line.startsWith("guest=")),
    ...end,
  ].join("\n");
  const { status, signal, stderr } = spawnSync("sh", ["-c", script], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], SERVICE_RESULT: death.result, EXIT_CODE: death.code, EXIT_STATUS: death.status },
  });
  return { end: signal ?? String(status), text: stderr };
}

const directories: string[] = [];
after(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "rkt-hypervisor-"));
  directories.push(directory);
  return directory;
}

function describeMachine({ kernelArguments }: Hypervisor, directory = "/vm"): MachineSpec {
  return {
    name: "rkt-x",
    accelerator: "kvm",
    memory: 256 << 20,
    cpus: 2,
    kernel: `${directory}/kernel`,
    initrd: `${directory}/initrd`,
    kernelArguments: [...kernelArguments, "console=hvc0", "panic=-1"],
    disks: ["system", "layer", "other"].map((name) => `${directory}/${name}.erofs`),
    cid: 4711,
    interfaces: [
      { tap: "tap0", mac: "02:00:00:00:00:01" },
      { tap: "tap1", mac: "02:00:00:00:00:02" },
    ],
    terminal: true,
    shares: [{ tag: "volume0", source: `${directory}/volume0` }],
  };
}

/** The least that a driver is: a third one is a file like this. */
const fake: Hypervisor = {
  name: "fake",
  program: "fake",
  emulates: false,
  shares: "virtiofs",
  kernels: "any",
  kernelArguments: [],
  statuses: {},
  environment: (directory) => ({ HOME: directory }),
  argv: (spec) => [
    ...[spec.name, spec.kernel, spec.initrd, String(spec.cid), "-nodefaults", mebibytes(spec)],
    ...spec.disks.map((disk) => `${disk},ro`),
    ...spec.interfaces.map(({ tap, mac }) => `${tap}=${mac}`),
    ...spec.shares.map(({ tag, source }) => `${tag}=${source}`),
    spec.kernelArguments.join(" "),
  ],
};

for (const hypervisor of [...hypervisors, fake]) testHypervisor(hypervisor);

/** kvmtool's own program is in no distribution: test/vm runs pods under it where it is, and here is who takes and says the same. */
describe("what lkvm is told, by a double of it", () => {
  const double = join(import.meta.dirname, "../lib/lkvm-double.ts");

  interface Run {
    readonly spec?: Partial<MachineSpec>;
    readonly home?: string;
    readonly guest?: string;
    readonly argv?: (argv: readonly string[]) => readonly string[];
  }

  function start({ spec: changes = {}, home, guest = "reboot", argv = (words) => words }: Run) {
    const directory = temporary();
    const spec = { ...describeMachine(lkvm, directory), ...changes };
    const kernel = Buffer.alloc(0x400);
    kernel.write("HdrS", 0x202);
    writeFileSync(join(directory, "kernel"), kernel);
    for (const name of ["initrd", "system.erofs", "layer.erofs", "other.erofs", "flat"]) writeFileSync(join(directory, name), "");
    mkdirSync(join(directory, "volume0"));
    const env = { PATH: process.env["PATH"], DOUBLE_GUEST: guest, DOUBLE_TAPS: "tap0,tap1", ...lkvm.environment(home ?? directory) };
    const child = spawn(process.execPath, [double, ...argv(lkvm.argv(spec))], { env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    child.stderr.on("data", (data: Buffer) => (text += data.toString()));
    const ended = new Promise<string>((resolve) => child.on("close", (status, signal) => resolve(signal ?? String(status))));
    const says = (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        child.stdout.on("data", () => (pattern.test(text) ? resolve() : undefined));
        void ended.then(() => (pattern.test(text) ? resolve() : reject(new Error(text))));
      });
    return { child, ended, says, text: () => text };
  }

  it("takes every option, and opens every file, disk, share and tap", async () => {
    const run = start({});
    assert.equal(await run.ended, "0", run.text());
    assert.match(run.text(), /KVM session ended normally/);
  });

  it("ends with its guest's reboot and its panic alike", async () => {
    assert.equal(await start({ guest: "panic" }).ended, "0");
  });

  it("does not end when its guest powers off: SIGTERM ends it at once", async () => {
    const run = start({ guest: "poweroff" });
    await run.says(/# lkvm run/);
    run.child.kill("SIGTERM");
    assert.equal(await run.ended, "SIGTERM");
  });

  it("spins for ever with a kernel that is no bzImage, which is why apply refuses one", async () => {
    assert.equal(lkvm.kernels, "compressed");
    const run = start({ argv: (words) => words.map((word) => word.replace(/\/kernel$/, "/flat")) });
    await run.says(/not a bzImage/);
    run.child.kill("SIGKILL");
    assert.equal(await run.ended, "SIGKILL");
  });

  it("dies with a status that the driver knows, of what is missing", async () => {
    const nowhere = { disks: ["/nowhere/disk.erofs"] };
    const cases: readonly (readonly [Run, string, RegExp])[] = [
      [{ spec: { kernel: "/nowhere/kernel" } }, "128", /Unable to open kernel \/nowhere\/kernel/],
      [{ spec: { initrd: "/nowhere/initrd" } }, "128", /Unable to open initrd/],
      [{ spec: nowhere }, "128", /Loading disk image '\/nowhere\/disk\.erofs' failed/],
      [{ spec: { shares: [{ tag: "volume0", source: "/nowhere" }] } }, "128", /Failed resolving 9p path/],
      [{ home: "/nowhere/home" }, "128", /bind: No such file/],
      [{ spec: { cid: 2 } }, "1", /VHOST_VSOCK_SET_GUEST_CID failed/],
      [{ spec: { interfaces: [{ tap: "tap9", mac: "02:00:00:00:00:03" }] } }, "1", /Config tap device error/],
      [{ argv: (words) => [words[0] ?? "", "--frobnicate", ...words.slice(1)] }, "129", /unknown option `frobnicate'/],
    ];
    for (const [run, status, text] of cases) {
      const { ended, text: said } = start(run);
      assert.deepEqual([await ended, text.test(said())], [status, true], said());
      assert.ok(lkvm.statuses[Number(status)], status);
    }
    const many = Array.from({ length: (lkvm.mostDisks ?? 0) + 1 }, (_, index) => `/vm/${index}`);
    assert.equal(await start({ spec: { disks: many } }).ended, "128");
  });
});
