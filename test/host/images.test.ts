import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost, type TestHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";
import { waitFor } from "../lib/wait-for.ts";

const SIGN = "gpg --quiet --batch --yes --armor --detach-sign";

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly import_time: number;
  readonly last_used_time: number;
}

forEachSuite((suite) => {
  let host: TestHost;
  let aci = "";
  let id = "";

  before(async () => {
    host = await bootHost({ suite });
    await trustPublisher(host);
    aci = await makeImage(host, { name: "box", app: { exec: ["/bin/sleep", "infinity"] } });
    id = `sha512-${(await host.sh(`sha512sum <${aci}`)).slice(0, 128)}`;
  });
  after(() => host.end());

  const rkt = (...words: string[]): Promise<Result> => host.run(["rkt", ...words]);
  const listed = async (): Promise<Entry[]> => JSON.parse((await rkt("image", "list", "--format=json")).stdout) as Entry[];
  /** Event name, MESSAGE_ID and image of rkt's own entries, oldest first. */
  const events = async (name: string): Promise<Record<string, string>[]> =>
    (await host.sh(`journalctl --sync; journalctl -o json RKT_EVENT=${name}`))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, string>);

  test("the ID is the SHA-512 of the uncompressed tar, however it is compressed; each way is verified by its own signature", async () => {
    for (const [suffix, packer] of [
      ["gz", "gzip -c"],
      ["bz2", "bzip2 -c"],
      ["xz", "xz -c -1"],
      ["zst", "zstd -q -c"],
    ]) {
      const packed = `/root/box-${suffix}.aci`;
      await host.sh(`${packer} ${aci} >${packed} && ${SIGN} --output ${packed}.asc ${packed}`);
      const fetched = await rkt("fetch", "--full", packed);
      assert.deepEqual([fetched.stdout, fetched.status], [`${id}\n`, 0], fetched.stderr);
    }
    assert.equal((await rkt("fetch", aci)).stdout, `${id.slice(0, 39)}\n`);
    assert.equal((await listed()).length, 1);
    const [verified] = await events("verified");
    assert.deepEqual([verified?.["MESSAGE_ID"], verified?.["RKT_IMAGE_ID"]], ["2c63888f28f04481be6ddce7a7ace732", id]);
    assert.match(verified?.["RKT_KEY_FINGERPRINT"] ?? "", /^[0-9a-f]{40}$/);
    assert.equal((await events("fetched")).length, 5);
    assert.match(await host.sh(`journalctl -x -o short RKT_EVENT=verified -n 1`), /Image example\.com\/box was verified/);
  });

  test("a file whose content is in the store is still verified, by the signature beside it or the one that is given", async () => {
    await host.sh(`cp ${aci} /root/copy.aci; echo other >/root/other; ${SIGN} --output /root/copy.aci.asc /root/other`);
    const altered = await rkt("fetch", "/root/copy.aci");
    assert.equal(altered.status, 254);
    assert.match(altered.stderr, /^fetch: Cannot verify the image: /);
    await host.sh("rm /root/copy.aci.asc");
    assert.match(
      (await rkt("fetch", "/root/copy.aci")).stderr,
      /it has no signature at "\/root\/copy\.aci\.asc"\n +Say where it is with "--signature"/,
    );
    assert.match((await events("refused")).at(-1)?.["MESSAGE"] ?? "", /^Refused the image from "\/root\/copy\.aci": Cannot verify/);
    await host.write("/etc/rkt/pods.d/copy.pod", "[Pod]\nNet=none\n[App box]\nImage=/root/copy.aci\n");
    const applied = await rkt("pod", "apply", "copy");
    assert.match(
      applied.stderr,
      /copy\.pod:4: .*it has no signature at .*\n +Images of pod files are verified always: put the signature there\n/,
    );
    await host.sh("rm /etc/rkt/pods.d/copy.pod");
    assert.equal((await rkt("fetch", `--signature=${aci}.asc`, "/root/copy.aci")).status, 0);
    const missing = await rkt("fetch", "--signature=/root/none", "/root/copy.aci");
    assert.deepEqual([missing.status, missing.stderr], [254, 'fetch: Cannot read the signature "/root/none": there is no such file\n']);
  });

  test("an image that is missing is told as such, whatever its signature", async () => {
    const none = 'Cannot read image "/root/none.aci": there is no such file\n';
    assert.equal((await rkt("fetch", "/root/none.aci")).stderr, `fetch: ${none}`);
    assert.equal((await rkt("run", "/root/none.aci")).stderr, `run: ${none}`);
    assert.equal((await rkt("fetch", "/etc")).stderr, 'fetch: Cannot read image "/etc": it is a directory, not a file\n');
  });

  test("an https URL is fetched with the system's CAs, its signature beside it; a server that none of them knows is refused", async () => {
    await host.sh(`mkdir -p /srv/www /root/ca && cd /root/ca
      openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj '/CN=test CA' 2>/dev/null
      openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=images.test 2>/dev/null
      printf 'subjectAltName=DNS:images.test\\n' >ext
      openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out tls.crt 2>/dev/null
      echo 127.0.0.1 images.test >>/etc/hosts
      cp ${aci} /srv/www/box.aci; cp ${aci}.asc /srv/www/box.aci.asc
      systemd-run --quiet --unit=www --property=WorkingDirectory=/srv/www openssl s_server -quiet -accept 443 -cert /root/ca/tls.crt -key /root/ca/tls.key -WWW`);
    const listens = async (): Promise<true | undefined> => ((await host.sh("ss -Htln sport = :443")) === "" ? undefined : true);
    await waitFor(listens, { what: "the server" });
    const unknown = await rkt("fetch", "https://images.test/box.aci");
    assert.equal(unknown.status, 254);
    assert.match(unknown.stderr, /^fetch: Cannot fetch "https:\/\/images\.test\/box\.aci\.asc": .*certificate/);
    await host.sh("cp /root/ca/ca.crt /usr/local/share/ca-certificates/test.crt && update-ca-certificates >/dev/null 2>&1");
    const fetched = await rkt("fetch", "--full", "https://images.test/box.aci");
    assert.deepEqual([fetched.stdout, fetched.status], [`${id}\n`, 0], fetched.stderr);
    await host.sh(`${SIGN} --output /srv/www/box.aci.asc /root/other`);
    assert.equal((await rkt("fetch", "https://images.test/box.aci")).status, 254);
    await host.sh("rm /srv/www/box.aci.asc");
    const unsigned = await rkt("fetch", "https://images.test/box.aci");
    assert.equal(unsigned.status, 254);
  });

  test("list, cat-manifest, export and verify show what is stored", async () => {
    const { stdout } = await rkt("image", "list");
    assert.match(
      stdout,
      /^ID\t+NAME\t+SIZE\t+IMPORT TIME\t+LAST USED\nsha512-[0-9a-f]{12}\t+example\.com\/box:1\t+[\d.]+[KM]iB\t+(now|\S.* ago)\t+(now|\S.* ago)\n$/,
    );
    assert.equal((await rkt("image", "list", "--no-legend", "--full", "--fields=id")).stdout.trim(), id);
    const [entry] = await listed();
    assert.deepEqual([entry?.id, entry?.name], [id, "example.com/box:1"]);
    assert.ok((entry?.size ?? 0) >= Number(await host.sh(`stat -c %s ${aci}`)));
    const manifest = JSON.parse((await rkt("image", "cat-manifest", "example.com/box")).stdout) as { name: string; acKind: string };
    assert.deepEqual([manifest.name, manifest.acKind], ["example.com/box", "ImageManifest"]);
    await host.sh(`rkt image export ${id.slice(0, 20)} /root/exported.aci && cmp ${aci} /root/exported.aci`);
    const again = await rkt("image", "export", id, "/root/exported.aci");
    assert.equal(again.status, 254);
    assert.match(again.stderr, /^image export: Cannot export to "\/root\/exported\.aci": it exists/);
    assert.equal((await rkt("image", "verify", id)).stdout, 'image "example.com/box:1": not rendered; no verification needed\n');
    assert.equal(
      (await host.run(["setpriv", "--reuid=nobody", "--regid=rkt", "--clear-groups", "rkt", "image", "list", "--no-legend"])).status,
      0,
    );
    assert.notEqual(
      (await host.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "rkt", "image", "list"])).stdout.includes("box"),
      true,
    );
  });

  test("an image that a pod needs is not removed; a tree that was altered is rendered again; what nothing refers to goes", async () => {
    await applyPod(host, "box", `[Pod]\nNet=none\n[App box]\nImage=${aci}\n`);
    const refused = await rkt("image", "rm", id);
    assert.equal(refused.status, 254);
    assert.match(refused.stderr, /Cannot remove image "example\.com\/box:1": pods need it: "box"/);
    assert.equal((await rkt("image", "verify", id)).stdout, 'image "example.com/box:1": successfully verified\n');
    await host.sh(`echo bad >/var/lib/rkt/cas/tree/${id}/rootfs/etc/added`);
    await host.sh("systemctl start rkt-pod@box");
    assert.match((await rkt("image", "verify", id)).stderr, /its tree differs from the image, and running pods use it: "box"/);
    await host.sh("systemctl stop rkt-pod@box");
    assert.match((await rkt("image", "verify", id)).stdout, /the tree differed from the image and was rendered again/);
    assert.equal((await rkt("image", "verify", id)).stdout, 'image "example.com/box:1": successfully verified\n');

    await host.sh(`systemd-run --quiet --unit=ad-hoc rkt run --net=none --uuid-file-save=/root/ad-hoc ${aci}`);
    const saved = async (): Promise<string | undefined> => (await host.run(["cat", "/root/ad-hoc"])).stdout.trim() || undefined;
    const running = await waitFor(saved, { what: "the pod's UUID" });
    assert.match((await rkt("status", "--wait-ready=60s", running)).stdout, /^state=running\n/);
    await host.sh(`echo bad >/var/lib/rkt/cas/tree/${id}/rootfs/etc/added`);
    assert.match((await rkt("image", "verify", id)).stderr, new RegExp(`running pods use it: "${running}"`));
    await host.sh("rkt stop --uuid-file=/root/ad-hoc && rkt status --wait=60s --uuid-file=/root/ad-hoc && rkt rm --uuid-file=/root/ad-hoc");
    assert.match((await rkt("image", "verify", id)).stdout, /was rendered again/);

    // A record that is lost leaves a tree that nobody refers to; the pod's own is kept as long as its generation is.
    await host.sh(
      `cd /var/lib/rkt/cas && cp image/${id}.json /root/record && rm image/${id}.json && rkt gc && test -d tree/${id}/rootfs/bin`,
    );
    await host.sh("rm /etc/rkt/pods.d/box.pod && rkt pod apply --prune && rkt pod rm box");
    const collected = await rkt("gc");
    assert.match(collected.stderr, new RegExp(`^removed /var/lib/rkt/cas/tree/${id}/rootfs$`, "m"));
    await host.sh(`cp -p /root/record /var/lib/rkt/cas/image/${id}.json`);
    const removed = await rkt("image", "rm", "example.com/box");
    assert.deepEqual([removed.status, removed.stdout], [0, `successfully removed aci for image: "${id}"\n`], removed.stderr);
    assert.equal(await host.sh("cd /var/lib/rkt/cas && find blob tree tmp image -type f -o -name 'sha512-*'"), "");
    const missing = await rkt("image", "rm", id);
    assert.equal(missing.status, 254);
    assert.match(missing.stderr, /Cannot find image "sha512-.*": the store has none/);
  });

  test("--insecure-options=image stores what nobody vouches for, says so in the journal, and apply refuses it", async () => {
    await host.sh(`cp ${aci} /root/unsigned.aci`);
    const fetched = await rkt("--insecure-options=image", "fetch", "--full", "/root/unsigned.aci");
    assert.deepEqual(
      [fetched.status, fetched.stdout, fetched.stderr],
      [0, `${id}\n`, "warning: image signature verification has been disabled\n"],
    );
    const [entry] = await events("insecure");
    assert.deepEqual([entry?.["MESSAGE_ID"], entry?.["RKT_IMAGE_ID"], entry?.["PRIORITY"]], ["0b80a25553a14945a93258ef7777682c", id, "4"]);
    await host.write("/etc/rkt/pods.d/unsigned.pod", "[Pod]\nNet=none\n[App box]\nImage=example.com/box\n");
    const refused = await rkt("pod", "apply", "unsigned");
    assert.equal(refused.status, 254);
    assert.match(
      refused.stderr,
      /unsigned\.pod:4: Cannot use the image of app "box": image "example\.com\/box" may not run: its signature was never verified/,
    );
    assert.equal((await rkt("--insecure-options=image", "pod", "apply", "unsigned")).status, 254);
    assert.notEqual((await host.run(["systemctl", "start", "rkt-pod@unsigned"])).status, 0);
  });
});
