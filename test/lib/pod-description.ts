import { parseAcIdentifier, parseAcName, parseImageId, parsePodName, parseUuid } from "../../src/base/id.ts";
import type { AppDescription, PodDescription } from "../../src/pod/engine.ts";

const GENERATION = `/var/lib/rkt/pods/named/0c9d4b4e-1f0e-4c1b-9f4e-8a5f1b2c3d4e/gen/${"0".repeat(64)}`;

/** An app of which everything optional is used. */
export function describeApp(name: string, changes: Partial<AppDescription> = {}): AppDescription {
  return {
    name: parseAcName(name),
    image: { id: parseImageId(`sha512-${"a".repeat(128)}`), name: parseAcIdentifier("example.com/app") },
    layers: ["/var/lib/rkt/cas/tree/upper/rootfs", "/var/lib/rkt/cas/tree/lower/rootfs"],
    exec: ["/usr/bin/server", "--listen", "%i $HOME ; -"],
    preStart: ["/bin/sh", "-c", "exit 0"],
    postStop: ["/bin/true"],
    uid: 1000,
    gid: 1001,
    supplementaryGids: [5, 6],
    workingDirectory: "/srv",
    environment: [
      { name: "PATH", value: "/usr/bin:/bin" },
      { name: "GREETING", value: `it's "50 %" of $HOME \\ more` },
    ],
    mounts: [
      { volume: parseAcName("data"), path: "/srv/data", readOnly: false },
      { volume: parseAcName("conf"), path: "/etc/server.conf", readOnly: true },
    ],
    readOnlyRootFS: true,
    provided: ["/etc/hosts"],
    isolators: [],
    notify: true,
    watchdogUsec: 30_000_000,
    output: "pipe",
    after: [],
    requires: [],
    restart: "on-failure",
    restartUsec: 100_000,
    stopSignal: "SIGTERM",
    stopTimeoutUsec: 10_000_000,
    directives: [["LimitNOFILE", "1024"]],
    ...changes,
  };
}

/** A pod of two apps, every kind of volume and socket. */
export function describePod(changes: Partial<PodDescription> = {}): PodDescription {
  const uuid = parseUuid("0c9d4b4e-1f0e-4c1b-9f4e-8a5f1b2c3d4e");
  const owner = { mode: "0755", uid: 0, gid: 0 };
  const directory = { type: "directory", readOnly: false, recursive: true, idmap: false, ...owner } as const;
  const first = describeApp("first");
  return {
    uuid,
    name: parsePodName("sample"),
    paths: {
      pod: `${GENERATION}/../..`,
      generation: GENERATION,
      rw: `${GENERATION}/../../rw`,
      status: `${GENERATION}/../../status`,
      journal: `/run/rkt/journal/${uuid}`,
      cgroup: `/run/rkt/cgroups/${uuid}`,
    },
    manifest: { acKind: "PodManifest", acVersion: "0.8.11", apps: [] } as unknown as PodDescription["manifest"],
    apps: [first, describeApp("second", { after: [first.name], requires: [first.name], notify: false, output: "journal", restart: "no" })],
    volumes: [
      { name: parseAcName("data"), kind: "state", source: "/var/lib/rkt/volumes/data", ...directory },
      { name: parseAcName("conf"), kind: "host", source: "/srv/a:b c\\d", ...directory, type: "file", readOnly: true, recursive: false },
      { name: parseAcName("scratch"), kind: "tmpfs", ...directory, size: 1 << 20, mode: "1777" },
    ],
    sockets: [
      { name: "web", app: first.name, listen: [{ kind: "stream", address: "[::]:80" }], options: [["BindIPv6Only", "both"]] },
      { name: "log", app: first.name, listen: [{ kind: "datagram", address: "/run/%m/log" }], options: [] },
    ],
    network: { kind: "none" },
    resolvConf: { kind: "image" },
    hosts: { kind: "image" },
    hostname: "sample",
    job: false,
    devices: [{ path: "/dev/null", access: "rwm" }],
    sysctls: [{ name: "kernel.msgmax", value: "8192" }],
    journalMaxUse: 64 << 20,
    ...changes,
  };
}
