import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";
import { waitFor } from "../lib/wait-for.ts";

/** Gives the files of its directory to whoever says the password, and writes down what it was asked. */
const SERVER = `
const { readFileSync, appendFileSync, existsSync } = require("node:fs");
const tls = { key: readFileSync("/root/ca/tls.key"), cert: readFileSync("/root/ca/tls.crt") };
require("node:https").createServer(tls, (request, response) => {
  appendFileSync("/root/asked", request.headers.host + request.url + " " + (request.headers.authorization ?? "-") + "\\n");
  if (request.url.startsWith("/away/")) return response.writeHead(302, { location: "https://mirror.test" + request.url.slice(5) }).end();
  const isOpen = request.headers.host === "mirror.test";
  if (!isOpen && request.headers.authorization !== "Basic " + btoa("host17:correct horse")) return response.writeHead(401).end();
  const send = () => response.end(readFileSync("/srv/www" + request.url.replace("/slow", "")));
  if (!request.url.endsWith("/slow/box.aci")) return send();
  const timer = setInterval(() => {
    if (!existsSync("/root/go")) return;
    clearInterval(timer);
    send();
  }, 20);
}).listen(443);
`;

forEachSuite((suite) => {
  let host: TestHost;
  let aci = "";

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    aci = await makeImage(host, { name: "box", app: { exec: ["/bin/sleep", "infinity"] } });
  });
  after(() => host.end());

  const rkt = (...words: string[]): Promise<Result> => host.run(["rkt", ...words]);
  const put = (path: string, content: object, mode = 0o600): Promise<void> =>
    host.write(path, JSON.stringify({ rktVersion: "v1", ...content }), mode);

  test("rkt config prints what counts, and names the file that is wrong", async () => {
    assert.equal((await rkt("config", "--pretty-print=false")).stdout, '{"stage0":[]}\n');
    const credentials = { user: "a", password: "b" };
    await put("/usr/lib/rkt/auth.d/x.json", { rktKind: "auth", domains: ["one.test", "two.test"], type: "basic", credentials }, 0o644);
    await put("/etc/rkt/auth.d/x.json", { rktKind: "auth", domains: ["two.test"], type: "oauth", credentials: { token: "t" } });
    await put("/root/mine/auth.d/x.json", { rktKind: "dockerAuth", registries: ["r.test"], credentials });
    const printed = await rkt("config", "--user-config=/root/mine");
    assert.deepEqual(JSON.parse(printed.stdout), {
      stage0: [
        { rktVersion: "v1", rktKind: "auth", domains: ["one.test"], type: "basic", credentials },
        { rktVersion: "v1", rktKind: "auth", domains: ["two.test"], type: "oauth", credentials: { token: "t" } },
        { rktVersion: "v1", rktKind: "dockerAuth", registries: ["r.test"], credentials },
      ],
    });
    assert.match(printed.stdout, /^\{\n\t"stage0": \[\n\t\t\{\n/);
    assert.equal(
      printed.stderr,
      'warning: everybody can read the credentials in "/usr/lib/rkt/auth.d/x.json"; "chmod 0600" on it keeps them\n',
    );
    const nobody = await host.run(["setpriv", "--reuid=nobody", "--regid=rkt", "--clear-groups", "rkt", "config"]);
    assert.deepEqual([nobody.status, nobody.stdout], [254, ""]);
    assert.match(nobody.stderr, /config: Cannot read "\/etc\/rkt\/auth\.d\/x\.json": permission denied\n/);
    await put("/etc/rkt/auth.d/y.json", { rktKind: "auth", domains: ["two.test"], type: "basic", credentials });
    assert.match(
      (await rkt("config")).stderr,
      /config: Cannot use "\/etc\/rkt\/auth\.d\/y\.json": auth for "two\.test" is said in ".*x\.json" too/,
    );
    await host.sh("chmod 0666 /etc/rkt/auth.d/y.json");
    assert.match((await rkt("config")).stderr, /config: Cannot use "\/etc\/rkt\/auth\.d\/y\.json": it can be written by anyone\n/);
    await host.sh("rm -r /usr/lib/rkt/auth.d /etc/rkt/auth.d /root/mine");
  });

  test("credentials go to their host by https, and not to where it redirects", async () => {
    await host.write("/root/server.js", SERVER);
    await host.sh(`mkdir -p /srv/www /root/ca && cd /root/ca
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout tls.key -out tls.crt -days 2 -subj /CN=images.test \
        -addext subjectAltName=DNS:images.test,DNS:mirror.test 2>/dev/null
      cp tls.crt /usr/local/share/ca-certificates/test.crt && update-ca-certificates >/dev/null 2>&1
      echo 127.0.0.1 images.test mirror.test >>/etc/hosts
      cp ${aci} ${aci}.asc /srv/www
      systemd-run --quiet --unit=www /usr/lib/rkt/bin/node /root/server.js`);
    const listens = async (): Promise<true | undefined> => ((await host.sh("ss -Htln sport = :443")) === "" ? undefined : true);
    await waitFor(listens, { what: "the server" });
    const refused = await rkt("fetch", "https://images.test/box.aci");
    assert.equal(refused.status, 254);
    assert.match(refused.stderr, /box\.aci\.asc": bad HTTP status code: 401\n +If it wants to know who asks: rkt-config\(5\)/);
    const credentials = { user: "host17", password: "correct horse" };
    await put("/etc/rkt/auth.d/images.json", { rktKind: "auth", domains: ["images.test"], type: "basic", credentials });
    await host.sh("rm /root/asked");
    const fetched = await rkt("fetch", "https://images.test/box.aci");
    assert.equal(fetched.status, 0, fetched.stderr);
    assert.equal((await rkt("fetch", "https://images.test/away/box.aci")).status, 0);
    const authorization = `Basic ${Buffer.from("host17:correct horse").toString("base64")}`;
    assert.deepEqual((await host.sh("cat /root/asked")).trim().split("\n"), [
      `images.test/box.aci.asc ${authorization}`,
      `images.test/box.aci ${authorization}`,
      `images.test/away/box.aci.asc ${authorization}`,
      "mirror.test/box.aci.asc -",
      `images.test/away/box.aci ${authorization}`,
      "mirror.test/box.aci -",
    ]);
    const journal = await host.sh("journalctl --sync; journalctl --no-pager -o verbose");
    assert.ok(!/correct horse|aG9zdDE3/.test(journal), "no secret stands in the journal");
    await put("/root/mine/auth.d/x.json", {
      rktKind: "auth",
      domains: ["images.test"],
      type: "basic",
      credentials: { user: "x", password: "y" },
    });
    const other = await rkt("fetch", "--user-config=/root/mine", "https://images.test/box.aci");
    assert.match(other.stderr, /401\n +It refuses the credentials that "rkt config" prints for "images\.test"/);
  });

  test("status --wait and --wait-ready wait for a pod whose image is still on its way", async () => {
    await host.sh(`systemd-run --quiet --unit=slow rkt run --net=none --uuid-file-save=/root/slow https://images.test/slow/box.aci`);
    const saved = async (): Promise<string | undefined> => (await host.run(["cat", "/root/slow"])).stdout.trim() || undefined;
    const uuid = await waitFor(saved, { what: "the pod's UUID" });
    assert.match((await rkt("status", "--wait-ready=200ms", uuid)).stdout, /^state=preparing\n/);
    assert.match((await rkt("status", "--wait=200ms", uuid)).stdout, /^state=preparing\n/);
    const ready = rkt("status", "--wait-ready=60s", uuid);
    const end = rkt("status", "--wait=60s", uuid);
    await host.sh("touch /root/go");
    const running = await ready;
    assert.match(running.stdout, /^state=running\n/, running.stderr);
    assert.match(running.stdout, /^started=/m);
    // A pod whose PID 1 does not take signals yet is killed in the end, which is not what this is about.
    const boots = async (): Promise<true | undefined> => (/^pid=\d+$/m.test((await rkt("status", uuid)).stdout) ? true : undefined);
    await waitFor(boots, { what: "the pod's PID 1" });
    await host.sh("systemctl stop slow");
    assert.match((await end).stdout, /^state=exited\n/);
  });

  test("stage1.d chooses the engine of rkt run; the command line wins; a location's image is verified", async () => {
    const run = (...words: string[]): Promise<Result> =>
      rkt("run", "--net=host", ...words, "example.com/box", "--exec", "/bin/readlink", "--", "/proc/self/ns/pid");
    const ours = await host.sh("readlink /proc/self/ns/pid");
    assert.notEqual((await run()).stdout, ours);
    await put("/etc/rkt/stage1.d/x.json", { rktKind: "stage1", name: "coreos.com/rkt/stage1-fly", version: "1.30.0" });
    assert.equal((await run()).stdout, ours);
    assert.notEqual((await run("--stage1-name=coreos.com/rkt/stage1-coreos")).stdout, ours);
    await put("/root/mine/stage1.d/x.json", { rktKind: "stage1", location: "/opt/stage1.aci" });
    const located = await run("--user-config=/root/mine");
    assert.equal(located.status, 254);
    assert.match(located.stderr, /\/opt\/stage1\.aci/);
    await put("/root/mine/stage1.d/x.json", { rktKind: "stage1", location: "docker://example.com/stage1" });
    assert.match(
      (await run("--user-config=/root/mine")).stderr,
      /^run: Cannot use stage1 "docker:\/\/example\.com\/stage1", which "\/root\/mine\/stage1\.d\/x\.json" names: rkt reads no images of registries/,
    );
    await put("/etc/rkt/stage1.d/x.json", { rktKind: "stage1", name: "coreos.com/rkt/stage1-kvm", version: "1.30.0" });
    assert.match((await run()).stderr, /^run: Cannot run pod .* in a virtual machine/);
    await host.sh("rm -r /etc/rkt/stage1.d /root/mine; rkt gc --grace-period=0s");
  });

  test("paths.d moves the pods of a host; the boot and gc follow; another directory is refused for pods, not for images", async () => {
    // A file system of its own: that of the test host takes no overlays.
    await host.sh("mkdir /srv/rkt && mount -t tmpfs -o mode=2750,gid=$(getent group rkt | cut -d: -f3) tmpfs /srv/rkt");
    await put("/etc/rkt/paths.d/x.json", { rktKind: "paths", data: "/srv/rkt", "stage1-images": "/srv/stage1" }, 0o644);
    await applyPod(host, "box", `[Pod]\n[App box]\nImage=${aci}\n[Install]\nWantedBy=multi-user.target\n`);
    await host.sh("systemctl start rkt-pod@box && systemctl is-active rkt-pod@box");
    const [pod] = JSON.parse((await rkt("list", "--format=json")).stdout) as { readonly name: string; readonly state: string }[];
    assert.equal(pod?.state, "running");
    assert.equal((await rkt("enter", "box", "/bin/echo", "hello")).stdout, "hello\n");
    const member = ["setpriv", "--reuid=nobody", "--regid=rkt", "--clear-groups", "rkt", "list", "--no-legend"];
    assert.match((await host.run(member)).stdout, /\tbox\t.*\trunning\t/);
    assert.equal((await host.sh(`find /var/lib/rkt -path '*${pod?.name}*'`)).trim(), "");

    // What a boot does: without a verdict of its own no pod starts.
    await host.sh("systemctl stop rkt-pod@box && rm -r /run/rkt/verdicts/*");
    assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@box"])).status, 0);
    await host.sh("systemctl restart rkt-boot && systemctl reset-failed rkt-pod@box && systemctl start rkt-pod@box");
    // What a change of keys does.
    await host.sh("rkt trust rm $(ls /etc/rkt/trustedkeys/prefix.d/example.com)");
    await host.sh("systemctl stop rkt-pod@box");
    assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@box"])).status, 0);
    await host.sh(
      "rkt trust --prefix=example.com --skip-fingerprint-review /root/key.asc; systemctl reset-failed rkt-pod@box; systemctl start rkt-gc",
    );

    const refused = await rkt("--dir=/var/lib/rkt", "pod", "apply", "box");
    assert.equal(refused.status, 254);
    assert.match(refused.stderr, /^pod apply: Cannot manage pods below "\/var\/lib\/rkt": the pods of this host live in \/srv\/rkt\n/);
    await put("/root/mine/paths.d/x.json", { rktKind: "paths", data: "/srv/other" });
    const mine = await rkt("--user-config=/root/mine", "run", aci);
    assert.match(mine.stderr, /^run: Cannot manage pods below "\/srv\/other": the pods of this host live in \/srv\/rkt\n/);
    assert.equal((await rkt("--user-config=/root/mine", "fetch", aci)).status, 0);
    assert.match((await rkt("image", "list", "--dir=/srv/other", "--no-legend")).stdout, /example\.com\/box/);

    const ran = await rkt("run", "--net=none", "example.com/box", "--exec", "/bin/echo", "--", "ran");
    assert.deepEqual([ran.status, ran.stdout], [0, "ran\n"], ran.stderr);
    await host.sh("rm /etc/rkt/pods.d/box.pod && rkt pod apply --prune && rkt pod rm box && rkt gc --grace-period=0s");
    assert.equal((await rkt("list", "--no-legend")).stdout, "");
    await host.sh("umount /srv/rkt && rmdir /srv/rkt");
    assert.match(
      (await rkt("gc")).stderr,
      /^gc: Cannot use data directory "\/srv\/rkt", which paths\.d names: it is missing\n +"install -d/,
    );
    await host.write("/etc/rkt/paths.d/x.json", "no JSON");
    assert.match((await rkt("list")).stderr, /^list: Cannot use "\/etc\/rkt\/paths\.d\/x\.json": the file is no valid JSON\n/);
    assert.equal((await rkt("version")).status, 0);
  });
});
