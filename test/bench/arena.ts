import { bootHost, type TestHost } from "../lib/host.ts";
import { compileStatic, makeImage, trustPublisher } from "../lib/pod-host.ts";
import type { Suite } from "../lib/suites.ts";
import { STAMP, TIMED } from "./programs.ts";

/** What is measured against, beyond what every host has. */
const PEERS = ["aardvark-dns", "containernetworking-plugins", "crun", "gpgv", "iperf3", "iptables", "netavark", "podman"];

/** A booted host with the one app that all of them start, and the peers' own storage on a real file system. */
export interface Arena {
  readonly host: TestHost;
  readonly suite: Suite;
  /** systemd's version, as it says it. */
  readonly systemd: string;
  readonly podman: Podman;
}

export interface Podman {
  readonly version: string;
  /** What has to differ in this host from what Quadlet writes, and the words that say so. */
  readonly cgroups: readonly string[];
  readonly title: string;
}

export const IMAGE = "/root/images/bench.aci";
/** The image's tree, laid out once more for the peers. */
export const ROOT = "/var/lib/rkt/bench/root";

export async function openArena(suite: Suite): Promise<Arena> {
  const host = await bootHost({ suite, packages: PEERS });
  await trustPublisher(host);
  const app = { exec: ["/bin/true"], ports: [{ name: "web", protocol: "tcp", port: 8080 }] };
  await makeImage(host, { name: "bench", files: { stamp: await compileStatic(STAMP) }, app });
  await host.write("/usr/local/bin/timed", await compileStatic(TIMED), 0o755);
  await host.write("/etc/containers/storage.conf", storageOf(suite));
  // On a quiet machine one unit is started more often than five times in ten seconds.
  await host.write("/etc/systemd/system.conf.d/bench.conf", "[Manager]\nDefaultStartLimitIntervalSec=0\n");
  await host.sh(`systemctl daemon-reload
    mkdir -m 1777 /srv/out
    mkdir -p ${ROOT} /var/lib/rkt/bench/containers /var/lib/containers
    tar -C ${ROOT} --strip-components=1 -xf ${IMAGE} rootfs
    mkdir -p ${ROOT}/usr ${ROOT}/etc # nspawn wants them
    mount --bind /var/lib/rkt/bench/containers /var/lib/containers`);
  return { host, suite, systemd: await readVersion(host, "systemctl"), podman: await describePodman(host) };
}

/** podman 4.3 finds no overlay here because a whiteout cannot be made; a root given by its path is an overlay all the same. */
function storageOf(suite: Suite): string {
  const driver = suite === "bookworm" ? "vfs" : "overlay";
  return `[storage]\ndriver = "${driver}"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n`;
}

async function readVersion(host: TestHost, program: string): Promise<string> {
  const line = (await host.sh(`${program} --version`)).split("\n")[0] ?? "";
  return /\d+(\.\d+)+/.exec(line)?.[0] ?? line;
}

/** The hosts have no controllers on cgroup v2: podman's limit of processes needs one, and its old crun a higher limit of locked memory. */
async function describePodman(host: TestHost): Promise<Podman> {
  const version = await readVersion(host, "podman");
  const split = ["--cgroups=split", "--pids-limit=0"];
  const tried = await host.run(["systemd-run", "--quiet", "--wait", "-p", "Delegate=yes", ...podmanRun("try", split), "/bin/true"]);
  await host.sh("systemctl reset-failed");
  if (tried.status === 0) return { version, cgroups: split, title: `podman ${version}, --cgroups=split, --pids-limit=0` };
  return { version, cgroups: ["--cgroups=disabled"], title: `podman ${version}, --cgroups=disabled` };
}

function podmanRun(name: string, cgroups: readonly string[]): readonly string[] {
  return ["/usr/bin/podman", "run", `--name=${name}`, "--replace", "--rm", ...cgroups, "--network=host", "--rootfs", `${ROOT}:O`];
}

/** Applies pods of one app without network or user ids of their own, as the peers have none either. */
export async function applyPlainPods(host: TestHost, pods: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, exec] of Object.entries(pods)) await host.write(`/etc/rkt/pods.d/${name}.pod`, declarePod(exec));
  await host.sh(`rkt pod apply ${Object.keys(pods).join(" ")}`, { timeout: 600_000 });
}

export function declarePod(exec: string, lines = "Net=host\nPrivateUsers=no\n", app = ""): string {
  const volume = "Volume=out,kind=host,source=/srv/out\n";
  return `[Pod]\n${volume}${lines}[App main]\nImage=${IMAGE}\nMount=volume=out,target=/out\nExec=${exec}\n${app}`;
}
