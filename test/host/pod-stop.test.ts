import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_APP, BOX_POD, bootWithBox, linesOf, property, shellApp, systemctl } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod, compileStatic, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

const POD = `${BOX_POD}Net=none\n`;

/** Sends what its standard input says, a line a datagram, to the notify socket; then waits. `hang` never answers SIGTERM. */
const NOTIFY = `
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char line[256];
  if (!path) { puts("no socket"); return 3; }
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (address.sun_path[0] == '@') address.sun_path[0] = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  while (fgets(line, sizeof line, stdin))
    if (sendto(fd, line, strcspn(line, "\\n"), 0, (void *)&address, offsetof(struct sockaddr_un, sun_path) + strlen(path)) < 0) { perror("send"); return 4; }
  for (;;) pause();
}`;

/** What a pod leaves on the host when nothing of it is left: nothing. */
async function traces(host: TestHost, uuid: string): Promise<string> {
  // The UUID is in the environment, so that no command line of this script holds it.
  return host.sh(
    `grep -c "$ID" /proc/self/mountinfo || :; machinectl --no-legend list | grep "$ID" || :; pgrep -f "$ID" || :
    find /sys/fs/cgroup -path '*rkt-pod*' | head; ls -d /run/systemd/nspawn/unix-export/rkt-$ID /run/systemd/nspawn/rkt-$ID 2>/dev/null || :; lsns -n -t net | wc -l`,
    { env: { ID: uuid } },
  );
}

async function reaches(host: TestHost, name: string, key: string, value: string): Promise<void> {
  await waitFor(async () => ((await property(host, name, key)) === value ? true : undefined), { what: `${key}=${value} of ${name}` });
}

forEachSuite((suite) => {
  test("readiness, stopping and being killed", async (t) => {
    await using host = await bootWithBox(suite, { files: { "bin/tell": await compileStatic(NOTIFY) } });
    const namespaces = (await host.sh("lsns -n -t net | wc -l")).trim();
    const clean = `0\n${namespaces}`;

    await t.test("Notify=yes: the unit is active when the app says that it is ready", async () => {
      const app = (more: string) => shellApp("main", "(until [ -e /out/go ]; do sleep 0.02; done; echo READY=1) | tell", more);
      await applyPod(host, "ready", `${POD}${app("Notify=yes")}`);
      await host.sh("systemctl start --no-block rkt-pod@ready");
      await reaches(host, "ready", "ActiveState", "activating");
      await waitFor(async () => ((await host.run(["machinectl", "--no-legend", "list"])).stdout.includes("rkt-") ? true : undefined), {
        what: "the machine",
      });
      assert.equal(await property(host, "ready", "ActiveState"), "activating");
      await host.sh("touch /srv/out/go");
      await reaches(host, "ready", "ActiveState", "active");
      await host.sh("systemctl stop rkt-pod@ready; rm /srv/out/go");
      await applyPod(
        host,
        "ready",
        `${POD}${shellApp("main", "[ -z $NOTIFY_SOCKET ] && echo without >/out/without; sleep 1000", "Notify=no")}`,
      );
      await host.sh("systemctl start rkt-pod@ready");
      await waitFor(async () => ((await host.run(["test", "-s", "/srv/out/without"])).status === 0 ? true : undefined), {
        what: "the app",
      });
      await host.sh("systemctl stop rkt-pod@ready");
    });

    await t.test("WatchdogSec= ends an app that hangs", async () => {
      const app = shellApp("main", "(echo READY=1; echo WATCHDOG=1) | tell", "Notify=yes\nWatchdogSec=500ms\nTimeoutStopSec=2s");
      await applyPod(host, "watchdog", `${POD}${app}`);
      await host.sh("systemctl start rkt-pod@watchdog");
      await reaches(host, "watchdog", "ActiveState", "failed");
      assert.match(await host.sh("rkt status watchdog"), /^app-main=134$/m);
    });

    await t.test("StopSignal=, TimeoutStopSec=, ReloadSignal=", async () => {
      const script =
        'trap "echo term" TERM; trap "echo quit; exit 0" QUIT; trap "echo hup" HUP; echo ready; while :; do sleep 1000 & wait; done';
      const wait = async (name: string, count: number) => {
        const uuid = await uuidOf(host, name);
        return waitFor(async () => ((await linesOf(host, uuid, "main")).length === count ? true : undefined), { what: `line ${count}` });
      };
      await applyPod(host, "signals", `${POD}${shellApp("main", script, "StopSignal=SIGQUIT\nReloadSignal=SIGHUP")}`);
      await host.sh("systemctl start rkt-pod@signals");
      await wait("signals", 1);
      await host.sh("systemctl reload rkt-pod@signals");
      await wait("signals", 2);
      await host.sh("systemctl reload rkt-pod@signals");
      await wait("signals", 3);
      await host.sh("systemctl stop rkt-pod@signals");
      assert.deepEqual(await linesOf(host, await uuidOf(host, "signals"), "main"), ["ready", "hup", "hup", "quit"]);
      assert.equal(await property(host, "signals", "Result"), "success");

      await applyPod(host, "stubborn", `${POD}${shellApp("main", script, "TimeoutStopSec=700ms")}`);
      await host.sh("systemctl start rkt-pod@stubborn");
      await wait("stubborn", 1);
      const before = Date.now();
      await systemctl(host, "stop", "stubborn");
      const took = Date.now() - before;
      assert.ok(took > 600 && took < 6000, `${took} ms`);
      assert.deepEqual(await linesOf(host, await uuidOf(host, "stubborn"), "main"), ["ready", "term"]);
      assert.match(await host.sh("cat /var/lib/rkt/pods/named/*/status/main; :"), /killed KILL/);
    });

    await t.test("machined knows the pod by its name, with service, leader, unit and root", async () => {
      await applyPod(host, "machine", `${POD}[App main]\n${BOX_APP}Exec=/bin/sleep 1000\n`);
      await host.sh("systemctl start rkt-pod@machine");
      const uuid = await uuidOf(host, "machine");
      const shown = await host.sh(`machinectl show rkt-${uuid}`);
      const main = await property(host, "machine", "MainPID");
      const leader = (await host.sh(`cat /proc/${main}/task/${main}/children`)).trim();
      for (const line of [
        `Name=rkt-${uuid}`,
        `Id=${uuid.replaceAll("-", "")}`,
        "Class=container",
        "Service=rkt",
        "Unit=rkt-pod@machine.service",
        `Leader=${leader}`,
        "State=running",
      ]) {
        assert.ok(shown.split("\n").includes(line), `${line} in ${shown}`);
      }
      assert.match(shown, new RegExp(`^RootDirectory=/var/lib/rkt/pods/named/${uuid}/gen/[0-9a-f]+/stage1/rootfs$`, "m"));
      await host.sh("systemctl stop rkt-pod@machine");
      assert.equal((await traces(host, uuid)).trim(), clean);
    });

    for (const victim of ["nspawn", "PID 1"] as const) {
      await t.test(`SIGKILL of ${victim} leaves nothing, and the next start works`, async () => {
        await host.sh("systemctl start rkt-pod@machine");
        const uuid = await uuidOf(host, "machine");
        const main = await property(host, "machine", "MainPID");
        await host.sh(victim === "nspawn" ? `kill -KILL ${main}` : `kill -KILL $(cat /proc/${main}/task/${main}/children)`);
        await reaches(host, "machine", "ActiveState", "failed");
        await waitFor(async () => ((await traces(host, uuid)).trim() === clean ? true : undefined), {
          what: `nothing left: ${await traces(host, uuid)}`,
        });
        await host.sh("systemctl start rkt-pod@machine; systemctl is-active rkt-pod@machine; systemctl stop rkt-pod@machine");
        assert.equal((await traces(host, uuid)).trim(), clean);
      });
    }

    await t.test("Restart=on-failure brings a pod back whose nspawn is killed, three times in a row", async () => {
      const text = `${POD}${shellApp("main", "exec sleep 1000")}\n[Service]\nRestart=on-failure\n`;
      await applyPod(host, "again", text);
      await host.sh("systemctl start rkt-pod@again");
      for (const restarts of ["1", "2", "3"]) {
        await host.sh(`kill -KILL ${await property(host, "again", "MainPID")}`);
        await reaches(host, "again", "NRestarts", restarts);
        await reaches(host, "again", "ActiveState", "active");
      }
      assert.match(await host.sh("machinectl --no-legend list"), new RegExp(`^rkt-${await uuidOf(host, "again")} `, "m"));
      await host.sh("systemctl stop rkt-pod@again");
    });

    await t.test("machinectl poweroff and terminate end a pod as stop does", async () => {
      for (const verb of ["poweroff", "terminate"]) {
        await host.sh("systemctl reset-failed rkt-pod@machine 2>/dev/null || :; systemctl start rkt-pod@machine");
        const uuid = await uuidOf(host, "machine");
        await host.sh(`machinectl ${verb} rkt-${uuid}`);
        await waitFor(async () => (["inactive", "failed"].includes(await property(host, "machine", "ActiveState")) ? true : undefined), {
          what: verb,
        });
        await waitFor(async () => ((await traces(host, uuid)).trim() === clean ? true : undefined), { what: `nothing left after ${verb}` });
      }
    });
  });
});
