import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod } from "../lib/pod-host.ts";
import type { Result } from "../lib/run.ts";

const JOB = `${BOX_POD}Net=none\nJob=yes\n`;

function pod(volumes: readonly string[], app: string): string {
  return `${JOB}${volumes.map((volume) => `Volume=${volume}\n`).join("")}${app}`;
}

async function run(host: TestHost, name: string, declaration: string): Promise<void> {
  await applyPod(host, name, declaration);
  await host.sh(`systemctl start rkt-pod@${name}`);
}

/** Declares a pod that apply must refuse, and takes the file away again. */
async function refuse(host: TestHost, declaration: string): Promise<Result> {
  await host.write("/etc/rkt/pods.d/refused.pod", declaration);
  const result = await host.run(["rkt", "pod", "apply", "refused"]);
  await host.sh("rm /etc/rkt/pods.d/refused.pod");
  return result;
}

forEachSuite((suite) => {
  test("volumes and the app's root", async (t) => {
    await using host = await bootWithBox(suite, {
      app: {
        exec: ["/bin/true"],
        mountPoints: [
          { name: "cache", path: "/var/cache/box" },
          { name: "rules", path: "/etc/rules", readOnly: true },
        ],
      },
      prepare:
        "mkdir -p srv/real var/cache/box home && ln -s real srv/link && ln -s /srv/real absolute && ln -s ../../../../etc escape && echo image >srv/real/file && chmod 700 home",
    });

    await t.test("kind=host: written through, read-only, and a single file", async () => {
      await host.sh("mkdir -p /srv/data /srv/fixed; echo fixed >/srv/fixed/file; echo single >/srv/single");
      const script =
        "echo new >/data/new; cat /fixed/file /single; (echo x >/fixed/x) 2>&1; (echo x >/part/x) 2>&1; echo changed >/single; ls -A /part";
      const mounts =
        "data,target=/data\nMount=volume=fixed,target=/fixed\nMount=volume=single,target=/single\nMount=volume=data,target=/part,readOnly=true";
      await run(
        host,
        "host",
        pod(
          ["data,kind=host,source=/srv/data", "fixed,kind=host,source=/srv/fixed,readOnly=true", "single,kind=host,source=/srv/single"],
          shellApp("main", `{ ${script}; } >/out/host`, `Mount=volume=${mounts}`),
        ),
      );
      assert.equal(await host.sh("cat /srv/data/new /srv/single; ls /srv/fixed"), "new\nchanged\nfile\n");
      const seen = await host.read("/srv/out/host");
      assert.match(seen, /^fixed\nsingle\n.*\/fixed\/x: Read-only file system\n.*\/part\/x: Read-only file system\nnew\n$/);
    });

    await t.test("recursive or not: the mounts below the source, read-only too", async () => {
      await host.sh(
        "mkdir -p /srv/tree/below; mountpoint -q /srv/tree/below || mount -t tmpfs tmpfs /srv/tree/below; touch /srv/tree/below/mounted",
      );
      const script = "ls -A /deep/below; ls -A /flat/below; ls -A /locked/below; (echo x >/locked/below/x) 2>&1; echo y >/deep/below/y";
      await run(
        host,
        "recursive",
        pod(
          [
            "deep,kind=host,source=/srv/tree",
            "flat,kind=host,source=/srv/tree,recursive=false",
            "locked,kind=host,source=/srv/tree,readOnly=true",
          ],
          shellApp(
            "main",
            `{ ${script}; } >/out/recursive`,
            "Mount=volume=deep,target=/deep\nMount=volume=flat,target=/flat\nMount=volume=locked,target=/locked",
          ),
        ),
      );
      assert.match(await host.read("/srv/out/recursive"), /^mounted\nmounted\n.*\/locked\/below\/x: Read-only file system\n$/);
      assert.equal(await host.sh("ls /srv/tree/below"), "mounted\ny\n");
    });

    await t.test("kind=empty is empty at each start, kind=state stays, kind=tmpfs is memory of its size", async () => {
      const script =
        'ls -A /empty /state /memory; stat -c "%n %a %u %g" /empty /state /memory; touch /empty/a /state/a /memory/a; df -k /memory | tail -1 | xargs; grep -c " /memory tmpfs" /proc/mounts';
      const declaration = pod(
        ["empty,kind=empty,mode=0750,uid=33,gid=34", "state,kind=state,mode=0700", "memory,kind=tmpfs,size=4M,mode=1777,uid=5,gid=6"],
        shellApp(
          "main",
          `{ ${script}; } >/out/kinds`,
          "Mount=volume=empty,target=/empty\nMount=volume=state,target=/state\nMount=volume=memory,target=/memory",
        ),
      );
      await run(host, "kinds", declaration);
      const modes = "/empty 750 33 34\n/state 700 0 0\n/memory 1777 5 6\ntmpfs 4096 0 4096 0% /memory\n1\n";
      assert.equal(await host.read("/srv/out/kinds"), `/empty:\n\n/memory:\n\n/state:\n${modes}`);
      await host.sh("systemctl start rkt-pod@kinds");
      assert.equal(await host.read("/srv/out/kinds"), `/empty:\n\n/memory:\n\n/state:\na\n${modes}`);
      assert.equal(await host.sh("ls /var/lib/rkt/volumes/kinds/state"), "a\n");
    });

    await t.test("two apps share a volume", async () => {
      const apps =
        shellApp("writer", "echo shared >/s/x", "Mount=volume=s,target=/s") +
        shellApp("reader", "until [ -s /t/x ]; do sleep 0.02; done; cp /t/x /out/shared", "Mount=volume=s,target=/t");
      await run(host, "shared", pod(["s,kind=empty"], apps));
      assert.equal(await host.read("/srv/out/shared"), "shared\n");
    });

    await t.test("commas within quotes are the path's", async () => {
      await host.sh("mkdir -p /srv/c,d");
      const volume = 'c,kind=host,source="/srv/c,d"';
      await run(
        host,
        "comma",
        pod([volume], `[App box]\nImage=/root/images/box.aci\nExec=/bin/touch /e,f/here\nMount=volume=c,target="/e,f"\n`),
      );
      assert.equal(await host.sh("ls /srv/c,d"), "here\n");
    });

    await t.test("an image's mount points: by the volume's name, else an implicit empty volume", async () => {
      await host.sh("mkdir -p /srv/rules; echo rule >/srv/rules/one");
      const script =
        '{ grep -c " /var/cache/box " /proc/mounts; touch /var/cache/box/x && echo writable; cat /etc/rules/one; touch /etc/rules/x || echo refused; } >/out/points 2>/dev/null';
      await run(host, "points", pod(["rules,kind=host,source=/srv/rules"], shellApp("main", script)));
      assert.equal(await host.read("/srv/out/points"), "1\nwritable\nrule\nrefused\n");
    });

    await t.test("targets lead through the image's links, never out of it", async () => {
      const script = "{ ls -A /srv/real; ls -A /etc/deep || :; } >/out/links 2>&1";
      await host.sh("mkdir -p /srv/linked; touch /srv/linked/here");
      for (const target of ["/srv/link", "/absolute"]) {
        await run(host, "links", pod(["l,kind=host,source=/srv/linked"], shellApp("main", script, `Mount=volume=l,target=${target}`)));
        assert.match(await host.read("/srv/out/links"), /^here\n/);
      }
      await run(host, "links", pod(["l,kind=host,source=/srv/linked"], shellApp("main", script, "Mount=volume=l,target=/escape/deep")));
      assert.match(await host.read("/srv/out/links"), /\nhere\n$/);
      assert.equal((await host.run(["test", "-e", "/etc/deep"])).status, 1);
      for (const target of ["/proc", "/", "/dev", "/proc/sys"]) {
        const refused = await refuse(host, pod(["l,kind=empty"], shellApp("main", ":", `Mount=volume=l,target=${target}`)));
        assert.match(refused.stderr, /Cannot mount volume "l"/, target);
      }
    });

    await t.test("ReadOnlyRootFS= locks the root and leaves volumes, /dev/shm and /proc of one's own", async () => {
      const script =
        "{ touch /x /etc/x /tmp/x /opt/x && echo wrote; touch /data/x && echo volume; touch /dev/shm/x && echo shm; echo 5 >/proc/self/oom_score_adj && echo proc; } 2>/dev/null >/out/locked";
      await run(host, "locked", pod(["data,kind=empty"], shellApp("main", script, "Mount=volume=data,target=/data\nReadOnlyRootFS=yes")));
      assert.equal(await host.read("/srv/out/locked"), "volume\nshm\nproc\n");
    });

    await t.test("each start has a clean root, and the image in the store stays what it is", async () => {
      const script = "[ -e /dirt ] && echo dirty >/out/dirty; touch /dirt; rm -r /srv/real; echo x >/etc/passwd";
      await run(host, "clean", `${JOB}${shellApp("main", script)}`);
      await host.sh("systemctl start rkt-pod@clean; test ! -e /srv/out/dirty");
      assert.equal((await host.run(["rkt", "image", "verify", "example.com/box"])).status, 0);
    });

    await t.test("a source that others could swap is refused, but for unsafe=true and root's entries of a sticky directory", async () => {
      await host.sh(
        "mkdir -p /srv/open/inner /tmp/root-entry /srv/safe; chmod 777 /srv/open; ln -sfn /srv/open/inner /srv/hidden; mkdir -p /tmp/theirs; chown 1000 /tmp/theirs",
      );
      const volume = (source: string, more = "") =>
        pod([`v,kind=host,source=${source}${more}`], `[App main]\n${BOX_APP}Mount=volume=v,target=/v\n`);
      for (const source of ["/srv/open/inner", "/srv/hidden", "/tmp/theirs"]) {
        const refused = await refuse(host, volume(source));
        assert.notEqual(refused.status, 0, source);
        assert.match(refused.stderr, /refused\.pod:\d+: Cannot use volume "v": others than root may write/, source);
      }
      assert.match((await refuse(host, volume("/srv/missing"))).stderr, /the host has no "\/srv\/missing"/);
      await run(host, "unsafe", volume("/srv/open/inner", ",unsafe=true"));
      await run(host, "sticky", volume("/tmp/root-entry"));
    });
  });
});
