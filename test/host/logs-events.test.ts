import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { applyPod, uuidOf } from "../lib/pod-host.ts";
import { waitFor } from "../lib/wait-for.ts";

forEachSuite((suite) => {
  test("logs --events shows what became of a pod between its lines", async (t) => {
    await using host = await bootWithBox(suite);
    await applyPod(host, "talk", `${BOX_POD}Net=none\n${shellApp("main", "echo spoken; exit 3")}`);
    const uuid = await uuidOf(host, "talk");
    await host.sh("systemctl start rkt-pod@talk || :; rkt status --wait talk; journalctl --sync");

    await t.test("applied by rkt, started by systemd, spoken, ended, in this order", async () => {
      const text = await host.sh("rkt logs --events talk");
      assert.match(
        text,
        /rkt\[\d+\]: [^\n]*appl[^]*systemd\[1\]: Start[^\n]*rkt-pod@talk[^]*main\[\d+\]: spoken\n[^]*systemd\[1\]: rkt-pod@talk\.service: Main process exited/i,
      );
      assert.doesNotMatch(await host.sh("rkt logs talk"), /rkt-pod@talk\.service: Main process exited/);
    });

    await t.test("only of PID 1 and of rkt: what others write with such fields is not shown", async () => {
      await host.sh(`printf 'MESSAGE=forged\\nSYSLOG_IDENTIFIER=rkt\\nRKT_POD_UUID=${uuid}\\nUNIT=rkt-pod@talk.service\\n' |
        setpriv --reuid=65534 --clear-groups logger --journald; journalctl --sync`);
      assert.match(await host.sh("journalctl --quiet --output=cat SYSLOG_IDENTIFIER=rkt"), /forged/);
      assert.doesNotMatch(await host.sh("rkt logs --events talk"), /forged/);
    });

    await t.test("following goes on with both journals", async () => {
      const child = host.spawn(["rkt", "logs", "--events", "--follow", "--lines=1", "talk"], { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      child.stdout?.on("data", (chunk) => (text += String(chunk)));
      try {
        await waitFor(() => Promise.resolve(text === "" ? undefined : true), { what: "the last line" });
        await host.sh("systemctl start rkt-pod@talk || :; rkt status --wait talk");
        await waitFor(
          () => Promise.resolve(/spoken\n/.test(text) && /systemd\[1\]: [^\n]*Main process exited/.test(text) ? true : undefined),
          {
            what: "lines of both journals",
          },
        );
      } finally {
        child.kill();
      }
    });
  });

  test("completion prints the scripts of three shells", async () => {
    await using host = await bootWithBox(suite);
    assert.match(await host.sh("rkt completion bash >/root/rkt.bash; bash -c '. /root/rkt.bash; complete -p rkt'"), /^complete .* rkt$/m);
    assert.match(await host.sh("rkt completion zsh | head -1"), /^#compdef rkt/);
    assert.match(await host.sh("rkt completion fish"), /complete -c rkt/);
    const refused = await host.run(["rkt", "completion", "csh"]);
    assert.equal(refused.status, 254);
    assert.match(refused.stderr, /Cannot print completion for "csh"[^]*bash, zsh, fish/);
  });
});
