import type { TestHost } from "../../lib/host.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";

/** Every row begins without the image, and its files are written back before the next one. */
const FETCH = `
cd /var/lib/rkt/bench/fetch
forget() {
    rm -rf --one-file-system out; rkt image rm example.com/big >/dev/null 2>&1 || :
    rkt image gc --grace-period=0s >/dev/null 2>&1 || rkt image gc >/dev/null 2>&1 || :
    sync -f .
}
rkt_fetch() { # ROW FILE
    forget
    timed_sample "$1" sh -euc 'rkt fetch "$1"; rkt image render example.com/big out' sh "$PWD/$2"
    [[ -d out/rootfs/usr ]]
}
tar_fetch() { # ROW FILE [SYNC]
    forget
    timed_sample "$1" sh -euc 'gpgv --quiet --keyring /root/bench.gpg "$1.asc" "$1"; mkdir out; tar -C out -xf "$1"; [ -z "$2" ] || sync -f out' sh "$PWD/$2" "\${3-}"
    [[ -d out/rootfs/usr ]]
}`;

const ROWS = {
  "rkt-gz": ["rkt fetch; rkt image render, gzip", "rkt_fetch rkt-gz big-gz.aci"],
  "tar-gz": ["gpgv; tar -x, gzip", "tar_fetch tar-gz big-gz.aci"],
  "tar-gz-sync": ["gpgv; tar -x; sync -f, gzip", "tar_fetch tar-gz-sync big-gz.aci sync"],
  "rkt-plain": ["rkt fetch; rkt image render, plain", "rkt_fetch rkt-plain big-plain.aci"],
  "tar-plain": ["gpgv; tar -x, plain", "tar_fetch tar-plain big-plain.aci"],
  "tar-plain-sync": ["gpgv; tar -x; sync -f, plain", "tar_fetch tar-plain-sync big-plain.aci sync"],
} as const;

export const fetchGroup: Group = {
  key: "e",
  title: "fetch, verify and render an image of 200 MB",
  figures: [
    { key: "wall", title: "wall", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU", unit: "ms" },
    { key: "memory", title: "largest process", unit: "MB", drawn: true },
  ],
  base: "rkt-gz",
  targets: [
    { title: "gzip, against tar and gpgv", figure: "wall", of: "rkt-gz", to: "tar-gz", atMost: 1.5 },
    { title: "plain, against tar and gpgv", figure: "wall", of: "rkt-plain", to: "tar-plain", atMost: 1.5 },
    { title: "gzip, memory", figure: "memory", of: "rkt-gz", atMost: 150 },
    { title: "plain, memory", figure: "memory", of: "rkt-plain", atMost: 150 },
  ],
  async measure({ host }, rounds) {
    const files = await makeBigImage(host);
    const samples = await runLoop(host, { functions: FETCH, steps: Object.values(ROWS).map(([, step]) => step), rounds });
    return {
      rows: Object.entries(ROWS).map(([key, [title]]) => ({ key, title, samples: samples.get(key) ?? {} })),
      notes: [files, "rkt's store has the image on disk before it says so, as tar has it after sync."],
    };
  },
};

/** Of the host's own files, so that they compress and are as many as those of real images. Returns what it is, in words. */
async function makeBigImage(host: TestHost): Promise<string> {
  const manifest = {
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: "example.com/big",
    labels: [
      { name: "version", value: "1" },
      { name: "os", value: "linux" },
      { name: "arch", value: "amd64" },
    ],
    app: { exec: ["/usr/bin/true"], user: "0", group: "0" },
  };
  await host.write("/var/lib/rkt/bench/fetch/manifest", JSON.stringify(manifest));
  const script = `cd /var/lib/rkt/bench/fetch
    gpg --quiet --batch --yes --output /root/bench.gpg --export publisher@example.com
    if ! [ -e big-gz.aci.asc ]; then
        mkdir rootfs
        (cd / && find usr -xdev -type f -size -20000k -printf '%s %p\\n' | LC_ALL=C sort -k 2 | awk '(total += $1) < 200e6 { sub(/^[0-9]+ /, ""); printf "%s%c", $0, 0 }' \\
            | tar --null --files-from=- -cf -) | tar -C rootfs -xf -
        tar --numeric-owner --owner=0 --group=0 -cf big-plain.aci manifest rootfs
        gzip <big-plain.aci >big-gz.aci
        for file in big-plain.aci big-gz.aci; do gpg --quiet --batch --yes --armor --detach-sign --output $file.asc $file; done
    fi
    echo "$(find rootfs -type f | wc -l) files, $(($(stat -c %s big-plain.aci) / 1000000)) MB of tar, $(($(stat -c %s big-gz.aci) / 1000000)) MB as gzip."`;
  return (await host.sh(script, { timeout: 600_000 })).trim();
}
