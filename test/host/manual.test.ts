import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost } from "../lib/host.ts";

forEachSuite((suite) => {
  test("every command has a manual page that man and groff read without a warning, and there are no others", async () => {
    await using host = await bootHost({ suite });
    const help = await host.sh("rkt help");
    const commands = [...help.matchAll(/^\t([a-z]+(?:-[a-z]+)*(?: [a-z]+(?:-[a-z]+)*)?) {2,}[A-Z]/gm)].map((found) => found[1] ?? "");
    assert.ok(commands.length > 20, help);

    await host.sh("mandb --quiet");
    for (const command of commands) {
      const page = `rkt-${command.replace(" ", "-")}`;
      const shown = await host.run(["man", page], { env: { LC_ALL: "C.UTF-8", MANPAGER: "cat", MANWIDTH: "100" } });
      assert.equal(shown.status, 0, `${page}: ${shown.stderr}`);
      assert.match(shown.stdout, new RegExp(`NAME\\n +${page} - `), page);
      const told = await host.run(["sh", "-c", `man --warnings --local-file -Tutf8 -Z "$(man --where ${page})" 2>&1 >/dev/null`]);
      assert.equal(told.stdout, "", page);
    }
    // Groups have a page too, and are no line of help.
    const files = (await host.sh("cd /usr/share/man && ls man1/rkt* man5/rkt* man8/rkt* 2>/dev/null || :")).trim().split("\n");
    const groups = commands.filter((command) => command.includes(" ")).map((command) => command.split(" ", 1)[0] ?? "");
    const expected = [...new Set([...commands, ...groups])].map((command) => `man1/rkt-${command.replace(" ", "-")}.1.gz`);
    const others = ["man1/rkt.1.gz", "man5/rkt-config.5.gz", "man5/rkt.pod.5.gz", "man8/rkt-favordynmods.service.8.gz"];
    assert.deepEqual(files.toSorted(), [...expected, ...others].toSorted());
    for (const file of files) {
      const told = await host.run(["sh", "-c", `gzip -dc /usr/share/man/${file} | groff -man -ww -z -Tutf8 2>&1`]);
      assert.deepEqual([told.status, told.stdout], [0, ""], file);
    }
    assert.match(await host.sh("apropos --and rkt pod"), /^rkt\.pod \(5\)/m);
  });

  test("each message of rkt has its explanation in the journal's catalog", async () => {
    await using host = await bootHost({ suite });
    const ids = (await host.sh("grep '^-- ' /usr/lib/systemd/catalog/rkt.catalog | cut -d' ' -f2")).trim().split("\n");
    assert.ok(ids.length > 5);
    for (const id of ids) {
      const { stdout } = await host.run(["journalctl", "--dump-catalog", id]);
      assert.match(stdout, /^Subject: .+\n(.+: .+\n)*\n\S/m, id);
    }
  });
});
