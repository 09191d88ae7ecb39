import type { TestHost } from "../lib/host.ts";
import { uuidOf } from "../lib/pod-host.ts";
import { type Arena, ROOT } from "./arena.ts";

/** What can be started: a unit, and where it writes its stamp, if it does. */
export interface Contestant {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** Shell that is run before a start and not measured. */
  readonly before: string;
}

/** The same app under everything that it is compared with. `name` is that of a plain pod, applied; `exec` what its app runs. */
export async function makeContestants(arena: Arena, name: string, exec: string): Promise<readonly Contestant[]> {
  const { host } = arena;
  await applyTwin(host, name);
  const boot = await readPod(host, `${name}-bare`);
  await writeUnit(host, `bench-boot-${name}`, composeBoot(boot));
  await writeUnit(host, `bench-pid2-${name}`, composePid2(name, exec));
  await writeUnit(host, `bench-podman-${name}`, composePodman(arena, "%N", exec));
  await host.sh("systemctl daemon-reload");
  return [
    { key: "rkt", title: "rkt", unit: `rkt-pod@${name}.service`, before: ":" },
    {
      key: "boot",
      title: "systemd-nspawn, the pod's tree and binds, booted",
      unit: `bench-boot-${name}.service`,
      before: cleanLayer(boot.directory),
    },
    { key: "pid2", title: "systemd-nspawn --as-pid2", unit: `bench-pid2-${name}.service`, before: ":" },
    { key: "podman", title: arena.podman.title, unit: `bench-podman-${name}.service`, before: ":" },
  ];
}

interface RenderedPod {
  readonly directory: string;
  /** The pod's own words of the engine's command line: its tree and what is bound into it. */
  readonly words: readonly string[];
}

/** A second pod of the same declaration is what the bare engine boots; one start and stop makes what its binds need. */
async function applyTwin(host: TestHost, name: string): Promise<void> {
  await host.sh(`cd /etc/rkt/pods.d && cp ${name}.pod ${name}-bare.pod && rkt pod apply ${name}-bare
    systemctl start rkt-pod@${name}-bare && systemctl stop rkt-pod@${name}-bare`);
}

async function readPod(host: TestHost, name: string): Promise<RenderedPod> {
  const text = await host.read(`/etc/systemd/system.attached/rkt-pod@${name}.service.d/50-rkt.conf`);
  const command = /^ExecStart=.* (\/usr\/bin\/systemd-nspawn .*)$/m.exec(text)?.[1] ?? "";
  const words = command.split(" ").filter((word) => /^--(directory|read-only|bind|bind-ro|setenv|uuid)\b/.test(word));
  if (words.length < 5) throw new Error(`Cannot read the engine's command line of pod "${name}": ${command}`);
  return { directory: `/var/lib/rkt/pods/named/${await uuidOf(host, name)}`, words };
}

/** What the pod's own unit does before a start. */
function cleanLayer(directory: string): string {
  return `rm -rf --one-file-system ${directory}/rw ${directory}/status; mkdir -p ${directory}/rw/main/upper ${directory}/rw/main/work ${directory}/status`;
}

/** What --boot says, but that the pod's own script mounts the roots first. nspawn's defaults: its own system call filter, registration. systemd 252 would fall back to cgroup v1 without the variable. */
function composeBoot({ words }: RenderedPod): string {
  return `[Service]
Type=simple
Delegate=yes
Slice=machine.slice
KillMode=mixed
StandardInput=null
Environment=SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
ExecStart=/usr/bin/systemd-nspawn --quiet --keep-unit --kill-signal=SIGRTMIN+3 --machine=%N ${words.join(" ")} /bin/sh /rkt/boot
`;
}

function composePid2(name: string, exec: string): string {
  return `[Service]
Type=simple
Delegate=yes
Slice=machine.slice
KillMode=mixed
StandardInput=null
ExecStart=/usr/bin/systemd-nspawn --quiet --keep-unit --as-pid2 --machine=bench-pid2-${name} --directory=${ROOT} --volatile=no --bind=/srv/out:/out ${exec}
`;
}

/**
 * As Quadlet writes it for Rootfs=…:O, Volume=, Network=host and Exec=; only what `arena.podman` says differs. The first Quadlet, 4.4, ran rm
 * as well: what came before it has no Quadlet, and does not remove the file either.
 */
export function composePodman(arena: Arena, name: string, exec: string, network: readonly string[] = ["--network=host"]): string {
  const cidfile = `%t/${name}.cid`;
  const first = arena.podman.version.startsWith("4.") ? `ExecStartPre=rm -f ${cidfile}\n` : "";
  return `[Service]
Environment=PODMAN_SYSTEMD_UNIT=%n
KillMode=mixed
${first}ExecStop=/usr/bin/podman rm -v -f -i --cidfile=${cidfile}
ExecStopPost=-/usr/bin/podman rm -v -f -i --cidfile=${cidfile}
Delegate=yes
Type=notify
NotifyAccess=all
SyslogIdentifier=%N
ExecStart=/usr/bin/podman run --name systemd-${name} --cidfile=${cidfile} --replace --rm ${arena.podman.cgroups.join(" ")} \\
  ${network.join(" ")} --sdnotify=conmon -d -v /srv/out:/out --rootfs ${ROOT}:O ${exec}
`;
}

export async function writeUnit(host: TestHost, name: string, text: string): Promise<void> {
  await host.write(`/run/systemd/system/${name}.service`, text);
}
