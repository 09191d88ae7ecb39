import assert from "node:assert/strict";
import { test } from "node:test";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost } from "../lib/host.ts";

forEachSuite((suite) => {
  test("every command has a manual page, and the shell completes it", async () => {
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
    assert.match(await host.sh("apropos --and rkt pod"), /^rkt\.pod \(5\)/m);

    assert.match(await host.sh("bash --norc -c '. /usr/share/bash-completion/completions/rkt; complete -p rkt'"), /-F _rkt rkt/);
    const complete = async (...words: string[]): Promise<string> => {
      const script =
        '. /usr/share/bash-completion/completions/rkt; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rkt; echo "${COMPREPLY[*]}"';
      return (await host.run(["bash", "--norc", "-c", script, "bash", ...words])).stdout.trim();
    };
    for (const command of commands) {
      const words = command.split(" ");
      const first = (await complete("rkt", words[0] ?? "")).split(" ");
      assert.ok(first.includes(words[0] ?? ""), `${command}: ${first.join(" ")}`);
      if (words.length > 1) assert.ok((await complete("rkt", ...words)).split(" ").includes(words[1] ?? ""), command);
    }
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
