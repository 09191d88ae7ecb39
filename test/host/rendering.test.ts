import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher } from "../lib/pod-host.ts";
import { aciBytes, tarBytes, type TarEntry, testManifest } from "../lib/tar-bytes.ts";

/** Everything that a file can be and that an image may bring. */
const FULL_TREE = `
  printf 'secret\\n' >plain; chown 1234:4000000 plain; chmod 0640 plain; touch -d '2001-02-03 04:05:06.789012345Z' plain
  cp bin/busybox suid; chown 7:8 suid; chmod 06755 suid; touch -d @1000 suid
  cp bin/busybox capable; setcap cap_net_bind_service+ep capable
  setfattr -n user.note -v 'a b' plain; setfattr -n user.binary -v 0x00ff0a plain; mkdir -m 0700 private; setfattr -n user.dir -v 1 private
  setfattr -n user.overlay.opaque -v y private; setfattr -n trusted.host -v 1 plain
  chown 99:99 private; mkdir -m 3777 shared; mkdir -m 0 closed; ln plain hard; mkdir deep; ln plain deep/hard
  ln -s /etc/../../outside link; chown -h 55:66 link; touch -h -d @2000 link; ln -s nowhere dangling
  mkfifo -m 0622 fifo; chown 3:4 fifo; mkdir -p dev; mknod -m 0666 dev/null c 1 3; mknod -m 0620 dev/console c 5 1; chown 0:5 dev/console
  : >empty; truncate -s 3M zeros; mkdir -p "long/$(printf %0200d 1)/$(printf %0200d 2)"; echo x >"long/$(printf %0200d 1)/$(printf %0200d 2)/$(printf %0150d 3)"
  echo x >"name with
newline"; echo x >"$(printf '\\377\\376')"; echo x >'ünï'; chmod 0111 bin; touch -d @86400 shared .`;

/** All of a tree, with which names are one file, in an order of its own. */
const DESCRIBE = String.raw`cd "$1"; LC_ALL=C
  find . -printf '%p\0%y %m %U:%G %T@ %l\0' | tr '\n\0' '?\n' | paste -d ' ' - - | sort
  find . ! -type d -printf '%p %n %s\0' | tr '\n\0' '?\n' | sort
  find . -type f -links +1 -printf '%i %p\n' | sort | awk '{ if (!($1 in n)) n[$1] = ++c; print n[$1], $2 }' | sort -k2
  find . -type f -print0 | sort -z | xargs -0 sha256sum | cat -v
  find . \( -type c -o -type b \) -exec stat -c '%n %t:%T' {} + | sort
  find . -print0 | sort -z | xargs -0 getfattr --no-dereference --absolute-names -m - -d -e hex 2>/dev/null | grep -av '="*$' | cat -v`;

const file = (name: string, more: Partial<TarEntry> = {}): TarEntry => ({ name, data: "escaped", ...more });
const directory = (name: string): TarEntry => ({ name, type: "5", mode: 0o755 });
const link = (name: string, target: string, type = "1"): TarEntry => ({ name, type, link: target });
const whole = aciBytes([file("rootfs/a", { data: Buffer.alloc(200_000, "x") })]);
/** The size in base 256, as GNU tar writes what octal digits cannot hold. */
const hugeSize = (block: Buffer): void =>
  void Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).copy(block, 124);

/** Archives that want to reach out of their tree or to be taken for what they are not, and the end of the sentence each is refused with. */
const HOSTILE: Readonly<Record<string, readonly [archive: Buffer, reason: RegExp]>> = {
  "dot-dot": [aciBytes([file("rootfs/../../root/escaped")]), /has "\.\."/],
  "dot-dot-pax": [aciBytes([file("rootfs/a", { pax: { path: "rootfs/../../../root/escaped" } })]), /has "\.\."/],
  absolute: [aciBytes([file("/root/escaped")]), /absolute name/],
  "outside-rootfs": [aciBytes([file("escaped")]), /rootfs/],
  "through-link": [aciBytes([link("rootfs/l", "/root", "2"), file("rootfs/l/escaped")]), /rootfs\/l/],
  "through-relative-link": [aciBytes([link("rootfs/l", "../../../../../root", "2"), file("rootfs/l/escaped")]), /rootfs\/l/],
  "link-for-directory": [aciBytes([directory("rootfs/d"), link("rootfs/d", "/root", "2"), file("rootfs/d/escaped")]), /rootfs\/d/],
  "link-for-rootfs": [
    tarBytes([{ name: "manifest", data: JSON.stringify(testManifest()) }, link("rootfs", "/root", "2"), file("rootfs/escaped")]),
    /rootfs/,
  ],
  "hard-link-absolute": [aciBytes([link("rootfs/h", "/etc/passwd")]), /rootfs\/h|etc\/passwd/],
  "hard-link-dot-dot": [aciBytes([link("rootfs/h", "rootfs/../../etc/passwd")]), /has "\.\."|rootfs\/h/],
  "hard-link-through-link": [aciBytes([link("rootfs/l", "/etc", "2"), link("rootfs/h", "rootfs/l/passwd")]), /hard link to nothing/],
  "hard-link-to-manifest": [aciBytes([link("rootfs/h", "manifest")]), /hard link out of the image/],
  disk: [aciBytes([{ name: "rootfs/dev/sda", type: "4", major: 8, minor: 0 }]), /device/],
  memory: [aciBytes([{ name: "rootfs/dev/mem", type: "3", major: 1, minor: 1 }]), /device/],
  "device-elsewhere": [aciBytes([{ name: "rootfs/null", type: "3", major: 1, minor: 3 }]), /device/],
  twice: [aciBytes([file("rootfs/a"), file("rootfs/a")]), /twice/],
  "huge-size": [aciBytes([file("rootfs/a", { patch: hugeSize })]), /too much/],
  "size-beyond-end": [aciBytes([file("rootfs/a", { size: 1_000_000 })]), /truncated/],
  sparse: [aciBytes([file("rootfs/a", { type: "S" })]), /sparse/],
  "long-name": [aciBytes([file("x", { pax: { path: `rootfs${"/abcdefg".repeat(600)}` } })]), /too long/],
  "trailing-data": [Buffer.concat([whole, Buffer.from("escaped".repeat(200))]), /data behind its end/],
  "trailing-data-behind-gzip": [Buffer.concat([gzipSync(whole), Buffer.from("escaped".repeat(200))]), /gzip data are damaged/],
  truncated: [whole.subarray(0, 100_000), /it is truncated/],
  "truncated-gzip": [gzipSync(whole).subarray(0, -200), /gzip data are damaged or truncated/],
  "without-end": [whole.subarray(0, -1024), /end-of-archive marker is missing/],
  "altered-checksum": [Buffer.concat([whole.subarray(0, 1500), Buffer.from([255]), whole.subarray(1501)]), /header in it is damaged/],
  "no-manifest": [tarBytes([directory("rootfs/"), file("rootfs/a")]), /manifest/],
  "two-manifests": [aciBytes([{ name: "manifest", data: JSON.stringify(testManifest()) }]), /manifest/],
  "bad-manifest": [aciBytes([file("rootfs/a")], { acKind: "PodManifest" }), /manifest/],
  "no-rootfs": [tarBytes([{ name: "manifest", data: JSON.stringify(testManifest()) }]), /rootfs/],
  empty: [Buffer.alloc(0), /end-of-archive marker is missing/],
};

forEachSuite((suite) => {
  let host: TestHost;

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
  });
  after(() => host.end());

  test("a rendered tree is what tar extracts: owners, modes, times, links, attributes, devices", async () => {
    await makeImage(host, { name: "full", app: { exec: ["/bin/sleep", "infinity"] }, prepare: FULL_TREE });
    const aci = "/root/images/full.aci";
    await host.sh(`cd /root/images/full
      tar --create --file=${aci} --format=posix --xattrs --xattrs-include='*' --numeric-owner manifest rootfs
      gpg --quiet --batch --yes --armor --detach-sign --output ${aci}.asc ${aci}`);
    await applyPod(host, "full", `[Pod]\nNet=none\n[App full]\nImage=${aci}\n`);
    // On the same file system as the store, but without its group's inheritance.
    await host.sh(`mkdir /var/lib/rkt/extracted && chmod g-s /var/lib/rkt/extracted && tar --extract --file=${aci} --directory=/var/lib/rkt/extracted --xattrs --xattrs-include='*' \
      --numeric-owner --same-owner --preserve-permissions
      cd /var/lib/rkt/extracted/rootfs && setfattr -x user.overlay.opaque private && setfattr -x trusted.host plain && touch -d @86400 .`);
    await host.write("/root/describe", DESCRIBE);
    const { stdout } = await host.run([
      "bash",
      "-c",
      `
      bash /root/describe /var/lib/rkt/cas/tree/sha512-*/rootfs >/root/rendered; bash /root/describe /var/lib/rkt/extracted/rootfs >/root/extracted
      diff -u /root/extracted /root/rendered`,
    ]);
    assert.equal(stdout, "");
    const rendered = await host.read("/root/rendered");
    for (const fact of [
      "./suid f 6755 7:8 1000.",
      "./plain 3 7",
      "./dev/console 5:1",
      "security.capability=0x",
      "user.note=0x612062",
      "./closed d 0 ",
    ]) {
      assert.ok(rendered.includes(fact), fact);
    }
  });

  test("no hostile archive leaves anything outside or in the store, though each is validly signed", async () => {
    const names = Object.keys(HOSTILE);
    for (const name of names) await host.write(`/root/hostile/${name}.aci`, HOSTILE[name]?.[0] ?? "");
    await host.sh("for aci in /root/hostile/*.aci; do gpg --quiet --batch --armor --detach-sign --output $aci.asc $aci; done");
    const look =
      "cd /var/lib/rkt && find . -type f -o -type l | grep -v '^./locks' | sort; find . -path './cas/tmp/*'; sha256sum /etc/passwd; stat -c %h /etc/passwd; ls -a /root /dev";
    const outside = await host.sh(look);
    for (const name of names) {
      const fetched = await host.run(["rkt", "fetch", `/root/hostile/${name}.aci`]);
      assert.equal(fetched.status, 254, `${name}: ${fetched.stdout}${fetched.stderr}`);
      assert.match(fetched.stderr, /^fetch: Cannot /, name);
      assert.match(fetched.stderr, HOSTILE[name]?.[1] ?? /^$/, name);
      assert.doesNotMatch(fetched.stderr, /\n +at |Error:/, name);
    }
    assert.equal(await host.sh(look), outside);
    // Escaped for good: not even through an image that is not verified.
    assert.equal((await host.run(["rkt", "--insecure-options=image", "fetch", "/root/hostile/through-link.aci"])).status, 254);
    assert.equal(await host.sh(look), outside);
  });
});
