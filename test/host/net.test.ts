import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, compileStatic, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

/** Answers each datagram with $WHO. */
const UDP_ANSWER = `#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
int main(void) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(5353) }, from;
  const char *who = getenv("WHO");
  char text[512];
  if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0) return 1;
  for (;;) {
    socklen_t length = sizeof from;
    if (recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &length) < 0) return 1;
    sendto(fd, who, strlen(who), 0, (struct sockaddr *)&from, length);
  }
}
`;

const FETCH = "curl -sS --max-time 5";

/** Answers on TCP 8080 and UDP 5353 with its own name. */
function pod(name: string, more: string): string {
  return `[Pod]\n${more}\n[App web]\nImage=/root/images/web.aci\nEnvironment=WHO=${name}\n`;
}

async function bootWithWeb(suite: Parameters<typeof bootHost>[0]["suite"]): Promise<TestHost> {
  const host = await bootHost({ suite });
  await trustPublisher(host);
  await makeImage(host, {
    name: "web",
    files: { "bin/udp-answer": await compileStatic(UDP_ANSWER) },
    app: {
      exec: ["/bin/sh", "-c", "mkdir -p /srv; echo $WHO > /srv/name; /bin/udp-answer & exec httpd -f -p '[::]:8080' -h /srv"],
      ports: [
        { name: "web", protocol: "tcp", port: 8080 },
        { name: "echo", protocol: "udp", port: 5353 },
      ],
    },
  });
  return host;
}

async function addressOf(host: TestHost, name: string): Promise<string> {
  return (await host.sh(`rkt status ${name} | sed -n 's/^networks=.*ip4=//p'`)).trim();
}

/** What a run of a pod may leave on the host: lines of each kind, without what belongs to no pod. */
async function traces(host: TestHost): Promise<string> {
  return host.sh(`find /run/netns /run/rkt/net -mindepth 1 2>/dev/null || :; ip -o link | grep -o 'rkt[dr][0-9a-f]*@' || :
    nft list table ip rkt | grep -c ' : 172' || :; nft list table ip6 rkt | grep -c ' : fd72' || :`);
}

async function answers(host: TestHost, url: string): Promise<string> {
  const ask = async () => {
    const result = await host.run(["sh", "-c", `${FETCH} '${url}'`]);
    return result.status === 0 ? result.stdout.trim() : undefined;
  };
  return waitFor(ask, { what: `an answer from ${url}` });
}

forEachSuite((suite) => {
  test("one address per pod, and forwarded ports", async (t) => {
    await using host = await bootWithWeb(suite);
    const empty = await traces(host);
    await applyPod(host, "one", pod("one", "Port=web:80\nPort=echo:53"));
    await applyPod(host, "two", pod("two", "Port=web:192.0.2.1:81"));
    // Another host: a namespace behind a link of its own.
    await host.sh(`ip netns add far; ip link add far0 type veth peer name up0 netns far
      ip address add 192.0.2.1/24 dev far0; ip address add 2001:db8::1/64 dev far0 nodad; ip link set far0 up
      ip -n far address add 192.0.2.2/24 dev up0; ip -n far address add 2001:db8::2/64 dev up0 nodad; ip -n far link set up0 up
      systemctl start rkt-pod@one rkt-pod@two`);
    const [one, two] = [await addressOf(host, "one"), await addressOf(host, "two")];

    await t.test("each pod has its own, which machinectl shows and nss-mymachines resolves", async () => {
      assert.notEqual(one, two);
      assert.match(one, /^172\.16\.28\.\d+$/);
      assert.equal(await answers(host, `http://${one}:8080/name`), "one");
      assert.match(await host.sh("machinectl list --no-legend"), new RegExp(one.replaceAll(".", "\\.")));
      assert.equal(await answers(host, `http://rkt-${await uuidOf(host, "one")}:8080/name`), "one");
    });

    await t.test("pods reach each other, and themselves by the port of the host", async () => {
      assert.equal(await host.sh(`rkt enter one /bin/wget -q -O - http://${two}:8080/name`), "two\n");
      assert.equal(await host.sh("rkt enter one /bin/wget -q -O - http://172.16.28.1:80/name"), "one\n");
    });

    await t.test(
      "a port is there from the host, over localhost, and from other hosts, by both versions of IP and both protocols",
      async () => {
        assert.equal(await answers(host, "http://127.0.0.1/name"), "one");
        assert.equal(await answers(host, "http://192.0.2.1/name"), "one");
        assert.equal(await answers(host, "http://[2001:db8::1]/name"), "one");
        assert.equal(await host.sh(`ip netns exec far ${FETCH} http://192.0.2.1/name`), "one\n");
        assert.equal(await host.sh(`ip netns exec far ${FETCH} 'http://[2001:db8::1]/name'`), "one\n");
        assert.equal((await host.sh("echo | socat -t 3 - UDP:127.0.0.1:53")).trim(), "one");
        assert.equal((await host.sh("echo | ip netns exec far socat -t 3 - UDP:192.0.2.1:53")).trim(), "one");
      },
    );

    await t.test("a port is refused at once over ::1, so that clients of localhost go on to 127.0.0.1", async () => {
      const refused = await host.run(["sh", "-c", `${FETCH} 'http://[::1]/name'`]);
      assert.match(refused.stderr, /^curl: \(7\) /);
      assert.equal(await host.sh(`${FETCH} --resolve 'both.test:80:[::1],127.0.0.1' http://both.test/name`), "one\n");
      // Tables of older rules.
      await host.sh(
        "nft flush chain ip6 rkt output; nft add rule ip6 rkt output fib daddr type local dnat to meta l4proto . th dport map @ports",
      );
      assert.match((await host.run(["sh", "-c", `${FETCH} 'http://[::1]/name'`])).stderr, /^curl: \(28\) /, "the test sees it");
      await host.sh("systemctl reload rkt-network");
      assert.match((await host.run(["sh", "-c", `${FETCH} 'http://[::1]/name'`])).stderr, /^curl: \(7\) /);
    });

    await t.test("a port of one address is there only", async () => {
      assert.equal(await answers(host, "http://192.0.2.1:81/name"), "two");
      assert.notEqual((await host.run(["sh", "-c", `${FETCH} http://127.0.0.1:81/name`])).status, 0);
    });

    await t.test("a neighbour on the bridge cannot reach the host's 127.0.0.1, but for the rule that says so", async () => {
      await host.sh(`socat TCP-LISTEN:7777,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo secret' >/dev/null 2>&1 &
        ip netns add near; ip link add near0 type veth peer name up0 netns near; ip link set near0 master rkt-default up
        ip -n near address add 172.16.31.250/22 dev up0; ip -n near link set up0 up
        ip netns exec near sh -c 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet'
        ip -n near route add 127.0.0.0/8 via 172.16.28.1 src 172.16.31.250`);
      const knock = () => host.run(["sh", "-c", "ip netns exec near socat -T 2 - TCP:127.0.0.1:7777,connect-timeout=2 < /dev/null"]);
      assert.doesNotMatch((await knock()).stdout, /secret/);
      await host.sh("nft flush chain ip rkt protect");
      assert.match((await knock()).stdout, /secret/, "without the rule it does, so the test sees it");
      await host.sh("systemctl reload rkt-network; ip link delete near0; ip netns delete near");
    });

    await t.test("elements come back when the host's rules are loaded anew, and rules of others stay", async () => {
      await host.sh("nft add table ip others; nft add chain ip others x; systemctl restart rkt-network; nft list chain ip others x");
      assert.equal(await answers(host, "http://127.0.0.1/name"), "one");
      await host.sh("nft delete table ip others; systemctl restart nftables");
      const back = async () => ((await host.run(["sh", "-c", `${FETCH} http://127.0.0.1/name`])).stdout === "one\n" ? true : undefined);
      await waitFor(back, { what: "the rules after nftables.service" });
      await host.sh("systemctl reload nftables");
      await waitFor(back, { what: "the rules after a reload of nftables.service" });
      // Nobody tells of this one: the next start of a pod with ports finds out.
      await host.sh("nft flush ruleset; systemctl restart rkt-pod@two");
      await waitFor(back, { what: "the rules after a start" });
      await host.sh("systemctl stop nftables; systemctl restart rkt-pod@two");
      await waitFor(back, { what: "the rules after nftables.service was stopped" });
      await host.sh("systemctl start nftables");
      await waitFor(back, { what: "the rules after nftables.service was started" });
    });

    await t.test("a pod that was applied with another network while it ran leaves nothing of the one it had", async () => {
      const before = await traces(host);
      await applyPod(host, "four", pod("four", "Port=web:84"));
      await host.sh("systemctl start rkt-pod@four");
      await applyPod(host, "four", pod("four", "Port=web:85"));
      await host.sh("systemctl restart rkt-pod@four");
      assert.equal(await answers(host, "http://127.0.0.1:85/name"), "four");
      assert.doesNotMatch(await host.sh("nft list map ip rkt ports"), /tcp . 84 :/);
      await applyPod(host, "four", pod("four", "Net=none"));
      await host.sh("systemctl restart rkt-pod@four");
      assert.equal(await traces(host), before);
      await host.sh("systemctl stop rkt-pod@four");
    });

    await t.test("addresses that the host reaches elsewhere stay there", async () => {
      const restricted = "[ -e /sys/class/net/rkt-restricted ]";
      await host.sh(`ip link delete rkt-restricted; ip link add lan type veth peer name lan1; ip address add 172.31.16.5/20 dev lan; ip link set lan1 up; ip link set lan up
        systemctl restart rkt-network; ! ${restricted}`);
      assert.match(
        await host.sh("journalctl -q -o cat -u rkt-network"),
        /^Bridge rkt-restricted is not made: 172\.31\.0\.0\/16 overlaps .* \(172\.31\.16\.0\/20 dev lan/m,
      );
      await host.sh(`ip link delete lan; systemctl restart rkt-network; ${restricted}`);
    });

    await t.test("a port that another pod has is refused at apply, by that pod's name", async () => {
      await host.write("/etc/rkt/pods.d/three.pod", pod("three", "Port=web:80"));
      const refused = await host.run(["rkt", "pod", "apply", "three"]);
      assert.equal(refused.status, 254);
      assert.match(refused.stderr, /Cannot forward tcp 80 to port "web": pod "one" has it/);
      for (const address of ["80", "127.0.0.1:80"]) {
        await host.write("/etc/rkt/pods.d/three.pod", `${pod("three", "")}[Socket main]\nListenStream=${address}\n`);
        const socket = await host.run(["rkt", "pod", "apply", "three"]);
        assert.equal(socket.status, 254);
        assert.match(socket.stderr, /Cannot listen on tcp \S*80 for socket "main": pod "one" has it/);
      }
    });

    await t.test("what cannot be is refused in words", async () => {
      const wrong: readonly (readonly [lines: string, message: RegExp])[] = [
        ["Net=cni0", /three\.pod:2: Cannot use "Net=cni0": networks not found: "cni0"/],
        ["Net=none\nPort=web:90", /three\.pod:3: Cannot forward port "web": the pod has no network of its own/],
        ["Port=nothing:90", /three\.pod:2: Cannot use port "nothing": no image of the pod has a port of this name/],
        ["Port=web:[::1]:90", /three\.pod:2: Cannot forward port "web" from "::1"/],
      ];
      for (const [lines, message] of wrong) {
        await host.write("/etc/rkt/pods.d/three.pod", pod("three", lines));
        assert.match((await host.run(["rkt", "pod", "apply", "three"])).stderr, message);
      }
      await host.sh("ip route add 172.16.0.0/16 dev far0");
      await host.write("/etc/rkt/pods.d/three.pod", pod("three", ""));
      assert.match((await host.run(["rkt", "pod", "apply", "three"])).stderr, /this host has a route to 172\.16\.0\.0\/16 \(far0\)/);
      await host.sh("ip route delete 172.16.0.0/16; rm /etc/rkt/pods.d/three.pod");
    });

    await t.test("a port on which a program of the host listens is warned of", async () => {
      await host.write("/etc/rkt/pods.d/three.pod", pod("three", "Port=web:7777"));
      assert.match(
        (await host.run(["rkt", "pod", "apply", "three"])).stderr,
        /three\.pod:2: Warning: Port tcp 7777 is one that a program of this host listens on/,
      );
      await host.sh("rm /etc/rkt/pods.d/three.pod; rkt pod apply; rkt rm three");
    });

    await t.test("names: DNS=, HostsEntry= and Hostname= reach the app", async () => {
      const lines = "Net=default-restricted\nDNS=192.0.2.53\nDNSSearch=example.com\nHostsEntry=192.0.2.7=db,db.example.com\nHostname=four";
      await applyPod(host, "four", pod("four", lines));
      await host.sh("systemctl start rkt-pod@four");
      assert.equal(
        await host.sh("rkt enter four /bin/cat /etc/resolv.conf"),
        "# Made by rkt.\nsearch example.com\nnameserver 192.0.2.53\n",
      );
      assert.match(
        await host.sh("rkt enter four /bin/cat /etc/hosts"),
        /^127\.0\.0\.1 localhost four\n.*\n192\.0\.2\.7 db db\.example\.com\n$/s,
      );
      assert.equal(await host.sh("rkt enter four /bin/hostname"), "four\n");
      const restricted = await addressOf(host, "four");
      assert.match(restricted, /^172\.31\./);
      assert.equal(await answers(host, `http://${restricted}:8080/name`), "four");
      assert.notEqual(
        (await host.run(["rkt", "enter", "four", "/bin/timeout", "3", "/bin/wget", "-q", "-O", "-", "http://192.0.2.1/name"])).status,
        0,
      );
      await host.sh("systemctl stop rkt-pod@four");
    });

    await t.test("runs leave nothing: neither stopped nor killed, nor over a reboot, and addresses stay the pods'", async () => {
      await host.sh("kill -9 $(systemctl show -P MainPID rkt-pod@one); systemctl stop rkt-pod@two");
      const gone = async () => ((await traces(host)) === empty ? true : undefined);
      await host.sh("ip link delete far0; ip netns delete far");
      await waitFor(gone, { what: "nothing to be left" });
      await host.sh("systemctl start rkt-pod@one rkt-pod@two");
      await host.crash();
      assert.equal(await traces(host), empty);
      await host.sh("systemctl start rkt-pod@one rkt-pod@two");
      assert.deepEqual([await addressOf(host, "one"), await addressOf(host, "two")], [one, two]);
      assert.equal(await answers(host, "http://127.0.0.1/name"), "one");
      await host.sh("systemctl stop 'rkt-pod@*'; rm /etc/rkt/pods.d/*; rkt pod rm one; rkt pod rm two; rkt pod rm four");
      assert.equal(await host.sh("ls /var/lib/rkt/net/*/*.* 2>/dev/null || :"), "");
    });
  });
});
