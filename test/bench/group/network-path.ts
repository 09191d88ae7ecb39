import { makeImage, compileStatic } from "../../lib/pod-host.ts";
import type { Arena } from "../arena.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";
import { writeUnit } from "../peers.ts";
import { RTT } from "../programs.ts";

/** A client in a network namespace of its own, behind a veth: what the host sees as a machine of the network. */
const PATHS = `
way() { # ROW COMMAND-PREFIX ADDRESS PORT
    local gbits
    gbits=$($2 iperf3 --client "$3" --port "$4" --time 1 --format k | awk '/receiver/ { printf "%.3f", $7 / 1e6 }')
    [[ -n $gbits ]]
    sample "$1" rate "$gbits"
    sample "$1" trip "$($2 /usr/local/bin/rtt ask "$3" $(($4 + 1)) 2000)"
}`;

const INSIDE = "ip netns exec client";
/** The host's end of the client's veth. */
const HOST = "10.99.0.1";
const SERVE = "/bin/sh -c '/rtt serve 5202 & exec /usr/bin/iperf3 --server'";

export const networkPathGroup: Group = {
  key: "h",
  title: "latency and throughput of TCP to a server in a pod",
  figures: [
    { key: "rate", title: "iperf3, one stream", unit: "Gbit/s", drawn: true },
    { key: "trip", title: "round trip of a byte", unit: "µs", drawn: true },
  ],
  base: "rktVeth",
  targets: [],
  async measure(arena, rounds) {
    const { pod, container } = await startServers(arena);
    const rows = [
      { key: "plain", title: "no pod: client's veth to the host", step: `way plain "${INSIDE}" ${HOST} 7201` },
      { key: "rktVeth", title: "rkt: host to the pod's address", step: `way rktVeth "" ${pod} 5201` },
      { key: "rktPort", title: "rkt: client to a forwarded port", step: `way rktPort "${INSIDE}" ${HOST} 5301` },
      { key: "podmanVeth", title: "podman: host to the container's address", step: `way podmanVeth "" ${container} 5201` },
      { key: "podmanPort", title: "podman: client to a forwarded port", step: `way podmanPort "${INSIDE}" ${HOST} 6201` },
    ];
    try {
      const samples = await runLoop(arena.host, { functions: PATHS, steps: rows.map(({ step }) => step), rounds });
      return { rows: rows.map(({ key, title }) => ({ key, title, samples: samples.get(key) ?? {} })) };
    } finally {
      await arena.host.sh("systemctl stop rkt-pod@server bench-server bench-server-host; ip netns del client");
    }
  },
};

async function startServers(arena: Arena): Promise<{ readonly pod: string; readonly container: string }> {
  const { host } = arena;
  const rtt = await compileStatic(RTT);
  await host.write("/usr/local/bin/rtt", rtt, 0o755);
  const ports = ["iperf", "rtt"].map((name, index) => ({ name, protocol: "tcp", port: 5201 + index }));
  // The C library loads libgcc_s when iperf3 ends a thread.
  const prepare = "cp --parents /usr/bin/iperf3 $(ldd /usr/bin/iperf3 | grep -o '/[^ ]*') $(find -L /lib /usr/lib -name libgcc_s.so.1) .";
  await makeImage(host, { name: "net", files: { rtt }, app: { exec: ["/bin/true"], ports }, prepare });
  const lines = "[Pod]\nNet=default\nPrivateUsers=no\nPort=iperf:5301\nPort=rtt:5302\n";
  await host.write("/etc/rkt/pods.d/server.pod", `${lines}[App main]\nImage=/root/images/net.aci\nExec=${SERVE}\n`);
  await writeUnit(host, "bench-server", composeContainer(arena));
  await writeUnit(
    host,
    "bench-server-host",
    "[Service]\nExecStart=/bin/sh -c '/usr/local/bin/rtt serve 7202 & exec iperf3 --server --port 7201'\n",
  );
  await host.sh(`rkt pod apply server; systemctl daemon-reload
    ip netns add client && ip link add client type veth peer name eth0 netns client
    ip addr add ${HOST}/24 dev client && ip link set client up
    ip -n client addr add 10.99.0.2/24 dev eth0 && ip -n client link set eth0 up && ip -n client route add default via ${HOST}
    systemctl start rkt-pod@server bench-server bench-server-host`);
  const pod = (await host.sh("rkt status server | sed -n 's/^networks=default:ip4=\\([0-9.]*\\).*/\\1/p'")).trim();
  const container = (await host.sh("podman inspect --format '{{.NetworkSettings.IPAddress}}' bench-server")).trim();
  const listening = [`${pod} 5202`, `${container} 5202`, `${HOST} 7202`];
  for (const at of listening) await host.sh(`timeout 20 sh -c 'until rtt ask ${at} 1 >/dev/null 2>&1; do sleep 0.1; done'`);
  return { pod, container };
}

function composeContainer({ podman }: Arena): string {
  const run = `/usr/bin/podman run --name bench-server --replace --rm ${podman.cgroups.join(" ")} --sdnotify=conmon -d`;
  return `[Service]
KillMode=mixed
Delegate=yes
Type=notify
NotifyAccess=all
ExecStart=${run} -p 6201:5201 -p 6202:5202 --rootfs /root/images/net/rootfs:O ${SERVE}
ExecStopPost=-/usr/bin/podman rm -v -f -i -t 0 bench-server
`;
}
