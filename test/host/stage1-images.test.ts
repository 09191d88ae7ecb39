import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, makeImage, uuidOf } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";
import { makeStage1Images, signImage, type Stage1Images } from "../lib/stage1-images.ts";
import { SUITES } from "../lib/suites.ts";
import { waitFor } from "../lib/wait-for.ts";

const IMAGES = "/usr/lib/rkt/stage1-images";
const NAME = "coreos.com/rkt/stage1-coreos";

forEachSuite((suite) => {
  let host: TestHost;
  let images: Stage1Images;
  const other = SUITES.find((one) => one !== suite) ?? suite;

  before(async () => {
    images = await makeStage1Images(suite);
    host = await bootWithBox(suite);
    await host.sh(`rkt fetch /root/images/box.aci; mkdir -p ${IMAGES} /root/stage1`);
    await host.write("/root/stage1/coreos.aci", images.coreos);
    await host.write("/root/stage1/fly.aci", images.fly);
    await host.write(`/root/stage1/${other}.aci`, (await makeStage1Images(other)).coreos);
  });
  after(() => host?.end());

  const rkt = (...words: readonly string[]): Promise<Result> => host.run(["rkt", ...words]);
  /** Prints how many files the systemd inside sees below /usr: the host's are thousands. */
  const run = (stage1: string, script = "echo ran; exit 3", ...more: readonly string[]): Promise<Result> =>
    rkt("run", "--net=none", `--stage1-${stage1}`, ...more, "example.com/box", "--exec=/bin/sh", "--", "-c", script);
  const idOf = async (name: string): Promise<string> => {
    const all = JSON.parse(await host.sh("rkt image list --format=json")) as { readonly id: string; readonly name: string }[];
    return all.find((image) => image.name.startsWith(name))?.id ?? assert.fail(`no image ${name}`);
  };

  test("two builds of the images are the same, byte for byte", async () => {
    const again = await makeStage1Images(suite);
    assert.ok(images.coreos.equals(again.coreos));
    assert.ok(images.fly.equals(again.fly));
  });

  test("an image needs a good signature, but for a file of the directory that is root's", async () => {
    const unsigned = await run("path=/root/stage1/coreos.aci");
    assert.equal(unsigned.status, 254);
    assert.match(unsigned.stderr, /coreos\.aci\.asc/);
    await host.sh(`cp /root/stage1/coreos.aci ${IMAGES}/mine.aci && chmod 0666 ${IMAGES}/mine.aci`);
    assert.match((await run("from-dir=mine.aci")).stderr, /mine\.aci": it can be written by anyone/);
    await host.sh(`chmod 0644 ${IMAGES}/mine.aci`);
    assert.deepEqual([(await run("from-dir=mine.aci")).stdout, (await run(`path=${IMAGES}/mine.aci`)).status], ["ran\n", 3]);
    // In the store it is now; only as a stage1 it needs no signature, and as long as its file is there.
    assert.match((await rkt("run", NAME)).stderr, /may not run: its signature was never verified/);
    await host.sh(`mv ${IMAGES}/mine.aci /root/stage1/`);
    assert.match((await run(`hash=${(await idOf(NAME)).slice(0, 40)}`)).stderr, /its file ".*mine\.aci" is not in the directory/);
    assert.match((await run("from-dir=mine.aci")).stderr, /Cannot use stage1 "mine\.aci": \/usr\/lib\/rkt\/stage1-images has no such file/);
    await host.sh("rkt gc --grace-period=0s && rkt image gc --grace-period=0s && rkt fetch /root/images/box.aci");
  });

  test("a signed image is chosen by path, name, hash and alias, and fetched with rkt fetch", async () => {
    await host.sh("rkt trust --prefix=coreos.com/rkt --skip-fingerprint-review /root/key.asc");
    for (const file of ["coreos", "fly", other]) await signImage(host, `/root/stage1/${file}.aci`);
    assert.match((await rkt("fetch", "--stage1-path=/root/stage1/fly.aci")).stdout, /^sha512-[0-9a-f]{32}\n$/);
    assert.match((await rkt("fetch", "--stage1-hash=sha512-00")).stderr, /the store has none/);
    assert.match((await rkt("fetch")).stderr, /Cannot run without IMAGE/);
    const pid = (script: string): string => `readlink /proc/self/ns/pid; ${script}`;
    const ours = await host.sh("readlink /proc/self/ns/pid");
    assert.equal(
      (
        await rkt(
          "run",
          "--stage1-hash",
          await idOf("coreos.com/rkt/stage1-fly"),
          "example.com/box",
          "--exec=/bin/readlink",
          "--",
          "/proc/self/ns/pid",
        )
      ).stdout,
      ours,
    );
    assert.notEqual((await run("path=/root/stage1/coreos.aci", pid("exit 0"))).stdout, ours);
    const id = await idOf(NAME);
    for (const stage1 of [
      `name=${NAME}`,
      `hash=${id.slice(0, 20)}`,
      `image=${id.slice(0, 20)}`,
      `image=${NAME},version=2.0.0`,
      "image=/root/stage1/coreos.aci",
    ])
      assert.deepEqual([(await run(stage1)).stdout, (await run(stage1)).status], ["ran\n", 3], stage1);
    assert.match((await run(`name=${NAME}:1.30.0`)).stdout, /ran/, "the original's name stands for what is part of rkt");
    assert.match((await run("name=example.com/other")).stderr, /Cannot use stage1 "example\.com\/other": the store has no such image/);
  });

  test("the systemd inside is the image's, with and without private users, also that of another release", async () => {
    for (const file of ["coreos", other])
      for (const users of ["--private-users=false", "--private-users"]) {
        const save = `--uuid-file-save=/root/${file}`;
        const words = [
          "rkt",
          "run",
          "--net=none",
          `--stage1-path=/root/stage1/${file}.aci`,
          users,
          save,
          "example.com/box",
          "--exec=/bin/sleep",
          "--",
          "1000",
        ];
        const exited = once(host.spawn(words, { stdio: "ignore" }), "exit");
        const leader = await waitFor(async () => /^pid=(\d+)$/m.exec((await rkt("status", `--uuid-file=/root/${file}`)).stdout)?.[1], {
          what: "the pod's PID 1",
        });
        const seen = await host.sh(
          `ls /proc/${leader}/root/usr/bin | wc -l; ls /proc/${leader}/root/usr/lib/os-release 2>&1 || :; readlink /proc/${leader}/exe`,
        );
        const [count = "", release = "", program] = seen.split("\n");
        assert.ok(Number(count) < 40, seen);
        assert.match(release, /No such file/);
        assert.equal(program, "/usr/lib/systemd/systemd");
        const uuid = (await host.read(`/root/${file}`)).trim();
        assert.equal((await rkt("enter", uuid, "/bin/sh", "-c", "echo entered; exit 4")).stdout, "entered\n");
        assert.match(await host.sh(`journalctl -M rkt-${uuid} --no-pager`), /Journal started/);
        await host.sh(`rkt stop ${uuid}`);
        await exited;
        await host.sh(`rm /root/${file}`);
      }
  });

  test("a named pod keeps its image, and its verdict covers it", async () => {
    const id = await idOf(NAME);
    const pod = `${BOX_POD.replace("[Pod]\n", `[Pod]\nNet=none\nStage1=${id.slice(0, 30)}\n`)}${shellApp("main", "echo up; exec sleep 1000")}`;
    await applyPod(host, "kept", pod);
    await host.sh("systemctl start rkt-pod@kept");
    const uuid = await uuidOf(host, "kept");
    const verdict = JSON.parse(await host.sh(`cat /run/rkt/verdicts/${uuid}/*`)) as { readonly images: readonly { readonly id: string }[] };
    assert.equal(verdict.images.at(-1)?.id, id);
    assert.match((await rkt("image", "rm", id)).stderr, /pods need it: "kept"/);
    await host.sh("rkt gc --grace-period=0s; rkt image gc --grace-period=0s");
    await host.sh("systemctl restart rkt-pod@kept");
    await host.write("/etc/rkt/pods.d/kept.pod", pod.replace(/Stage1=.*\n/, ""));
    assert.match(
      await host.sh("rkt pod apply kept"),
      /stage1: coreos\.com\/rkt\/stage1-coreos \(sha512-[0-9a-f]{12}\) → nspawn of this host/,
    );
    await applyPod(host, "kept", pod);
    // The key may sign apps, but images of stage1 no more.
    await host.sh(
      "rkt trust rm --prefix=coreos.com/rkt $(rkt trust list --no-legend | awk '/coreos.com/ { print $1; exit }') || rkt trust list",
    );
    const refused = await host.run(["systemctl", "restart", "rkt-pod@kept"]);
    assert.notEqual(refused.status, 0);
    assert.match(await host.sh("journalctl --no-pager -u rkt-pod@kept"), /image "coreos\.com\/rkt\/stage1-coreos" may not run: its signer/);
    await host.sh(
      "rkt trust --prefix=coreos.com/rkt --skip-fingerprint-review /root/key.asc; systemctl start rkt-pod@kept; systemctl stop rkt-pod@kept",
    );
    await host.sh("rm /etc/rkt/pods.d/kept.pod; rkt pod apply --prune; rkt pod rm kept");
    assert.equal((await rkt("image", "rm", id)).status, 0);
  });

  test("a .pod file says what is wrong with its stage1, and where", async () => {
    await makeImage(host, { name: "plain", app: { exec: ["/bin/true"] } });
    const original = [
      { name: "coreos.com/rkt/stage1/run", value: "/init" },
      { name: "coreos.com/rkt/stage1/interface-version", value: "6" },
    ];
    await makeImage(host, { name: "original", app: { exec: ["/bin/true"] }, annotations: original });
    const made = [
      { name: "coreos.com/rkt/stage1/engine", value: "nspawn" },
      { name: "coreos.com/rkt/stage1/interface-version", value: "7" },
    ];
    await makeImage(host, { name: "empty", app: { exec: ["/bin/true"] }, annotations: made });
    for (const [stage1, message] of [
      ["/root/images/plain.aci", /:2: Cannot use image "example\.com\/plain" as stage1: it is no image of stage1/],
      ["/root/images/original.aci", /:2: Cannot use image "example\.com\/original" as stage1: it is for the original rkt/],
      ["/root/images/empty.aci", /Cannot use image "example\.com\/empty" as stage1: its tree has no \/usr/],
      ["./images/empty.aci", /:2: Cannot use stage1 "\.\/images\/empty\.aci": it is no absolute path/],
      ["sha512-0000", /:2: Cannot find image "sha512-0000": the store has none/],
      ["example.com/none", /:2: Cannot use stage1 "example\.com\/none": the store has no such image/],
    ] as const) {
      await host.write("/etc/rkt/pods.d/bad.pod", `[Pod]\nStage1=${stage1}\n[App main]\n${BOX_APP.split("\n")[0]}\nExec=/bin/true\n`);
      const { status, stderr } = await rkt("pod", "apply", "bad");
      assert.deepEqual([status, message.test(stderr)], [254, true], stderr);
    }
    await host.sh("rm /etc/rkt/pods.d/bad.pod");
  });

  test("a prepared pod keeps the image that was chosen; gc lets go of it with the pod", async () => {
    const prepared = await rkt(
      "prepare",
      "--stage1-path=/root/stage1/coreos.aci",
      "example.com/box",
      "--exec=/bin/sh",
      "--",
      "-c",
      "echo later; exit 5",
    );
    assert.equal(prepared.status, 0, prepared.stderr);
    await host.sh("rkt image gc --grace-period=0s");
    const id = await idOf(NAME);
    assert.match((await rkt("image", "rm", id)).stderr, /pods need it/);
    const result = await rkt("run-prepared", "--net=none", prepared.stdout.trim());
    assert.deepEqual([result.stdout, result.status], ["later\n", 5], result.stderr);
    await host.sh("rkt gc --grace-period=0s");
    assert.equal((await rkt("image", "rm", id)).status, 0);
  });

  test("stage1.d: the store's image of name and version, else the location, else what is part of rkt", async () => {
    const configure = (stage1: object): Promise<void> =>
      host.write("/etc/rkt/stage1.d/x.json", JSON.stringify({ rktVersion: "v1", rktKind: "stage1", ...stage1 }));
    const isImage = async (): Promise<boolean> => {
      const result = await rkt("run", "--net=none", "--uuid-file-save=/root/u", "example.com/box", "--exec=/bin/true");
      assert.equal(result.status, 0, result.stderr);
      return (await host.sh("cat /var/lib/rkt/pods/run/$(cat /root/u)/gen/*/plan.json")).includes('"stage1"');
    };
    const version = { name: NAME, version: "2.0.0" };
    await configure(version);
    assert.equal(await isImage(), false);
    await configure({ ...version, location: "/root/stage1/coreos.aci" });
    assert.equal(await isImage(), true);
    await configure(version);
    assert.equal(await isImage(), true);
    await configure({ name: "example.com/mine", version: "1" });
    assert.match(
      (await rkt("run", "example.com/box")).stderr,
      /Cannot use stage1 "example\.com\/mine:1", which ".*x\.json" names: the store has no/,
    );
    await host.sh("rm -r /etc/rkt/stage1.d");
  });

  test("the original's command with a stage1 by hash: the engine is the unit's main process, and the app serves", async () => {
    await host.sh(`mkdir -p /root/etcd/rootfs && cd /root/etcd && cp --parents /usr/bin/etcd $(ldd /usr/bin/etcd | grep -o '/[^ ]*') rootfs
      rkt trust --prefix=coreos.com/etcd --skip-fingerprint-review /root/key.asc`);
    await host.write("/root/etcd/manifest", JSON.stringify(ETCD));
    await host.sh("cd /root/etcd && tar --numeric-owner --owner=0 --group=0 -cf /root/etcd.aci manifest rootfs");
    await signImage(host, "/root/etcd.aci");
    await host.sh("rkt fetch /root/etcd.aci /root/stage1/coreos.aci; mkdir -m 0777 /tmp/etcd");
    const command =
      `systemd-run -t --uid=0 rkt run --stage1-image=${(await idOf(NAME)).slice(0, 39)} --private-net --port=client:2379 ` +
      `--volume data-dir,kind=host,source=/tmp/etcd coreos.com/etcd,version=v3.5 -- ` +
      `--advertise-client-urls=http://127.0.0.1:2379 --listen-client-urls=http://0.0.0.0:2379`;
    const terminal = host.spawn(["script", "--quiet", "--flush", "--return", "--command", command, "/root/typescript"], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const exited = once(terminal, "exit");
    const version = async (): Promise<string | undefined> => {
      const { status, stdout } = await host.run(["curl", "--silent", "--max-time", "5", "http://127.0.0.1:2379/version"]);
      return status === 0 ? stdout : undefined;
    };
    assert.match(await waitFor(version, { what: "etcd" }), /etcdserver/);
    const unit = /Running as unit: (\S+\.service)/.exec(await host.read("/root/typescript"))?.[1] ?? "";
    const shown = await host.sh(`systemctl status --no-pager ${unit}`);
    assert.match(shown, /Main PID: \d+ \(systemd-nspawn\)/, shown);
    for (const part of ["etcd.service", "systemd-journald.service"]) assert.ok(shown.includes(part), shown);
    await host.sh(`systemctl stop ${unit}`);
    await exited;
  });
});

const ETCD = {
  acKind: "ImageManifest",
  acVersion: "0.8.11",
  name: "coreos.com/etcd",
  labels: [
    { name: "version", value: "v3.5" },
    { name: "os", value: "linux" },
    { name: "arch", value: "amd64" },
  ],
  app: {
    exec: ["/usr/bin/etcd"],
    user: "0",
    group: "0",
    environment: [{ name: "ETCD_DATA_DIR", value: "/var/lib/etcd" }],
    mountPoints: [{ name: "data-dir", path: "/var/lib/etcd" }],
    ports: [{ name: "client", protocol: "tcp", port: 2379 }],
  },
};
