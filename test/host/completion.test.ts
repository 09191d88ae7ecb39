import assert from "node:assert/strict";
import { test } from "node:test";
import { BOX_POD, shellApp } from "../lib/box.ts";
import { openCompletingShell, SHELL_PACKAGES, SHELLS } from "../lib/completing-shells.ts";
import { forEachSuite } from "../lib/each-suite.ts";
import { bootHost } from "../lib/host.ts";
import { applyPod, makeImage, trustPublisher, uuidOf } from "../lib/pod-host.ts";

forEachSuite((suite) => {
  test("bash, zsh and fish complete", async (t) => {
    await using host = await bootHost({ suite, packages: SHELL_PACKAGES });
    await trustPublisher(host);
    await makeImage(host, { name: "box", app: { exec: ["/bin/true"] } });
    await makeImage(host, { name: "busy", app: { exec: ["/bin/true"] } });
    await host.sh("mkdir -m 1777 /srv/out; mkdir /root/place; touch /root/place/file.pub");
    await applyPod(host, "web", `${BOX_POD}Net=none\n${shellApp("front", "sleep 1000")}${shellApp("back", "sleep 1000")}`);
    await host.sh("rkt fetch /root/images/busy.aci");
    await host.write("/etc/rkt/pods.d/only-declared.pod", "[Pod]\n");
    // Names that a shell would execute, expand or print over other lines.
    for (const name of ["$(touch >evil)", "`touch evil`", "a b", "*", "-rf", "\u001b[2J", "x;touch evil"]) {
      await host.write(`/etc/rkt/pods.d/${name.replaceAll("/", "")}.pod`, "");
    }
    const uuid = await uuidOf(host, "web");
    const prepared = (await host.sh("rkt prepare /root/images/box.aci")).trim();
    const other = "0f1e2d3c-4b5a-4968-8776-655443322110";
    await host.sh(`mkdir -p "/srv/other dir/pods/prepared/${other}" /srv/other; ln -s "/srv/other dir/pods" /srv/other/pods`);
    const key = (await host.sh("basename /etc/rkt/trustedkeys/prefix.d/example.com/*")).trim();
    const id = (await host.sh("rkt image list --no-legend --fields=id --sort=name | head -1")).trim();

    const help = await host.sh("rkt help");
    const commands = [...new Set([...help.matchAll(/^\t([a-z][a-z-]*)[a-z -]*? {2,}[A-Z]/gm)].map((found) => found[1] ?? ""))].toSorted();
    assert.ok(commands.length > 15, help);

    const cases: readonly (readonly [string, readonly string[]])[] = [
      ["rkt sto", ["stop"]],
      ["rkt st", ["status", "stop"]],
      ["rkt pod ", ["apply", "cat", "list", "rm", "rollback", "verify"]],
      ["rkt --debug --dir /x pod ro", ["rollback"]],
      ["rkt --system-config=/x image ex", ["export", "extract"]],
      ["rkt --de", ["--debug"]],
      ["rkt list --fo", ["--format="]],
      ["rkt list --format=", ["--format=json", "--format=json-pretty"]],
      ["rkt list --format json-", ["json-pretty"]],
      ["rkt pod apply --p", ["--prune", "--pull="]],
      ["rkt pod apply ", ["only-declared", "web"]],
      ["rkt pod rm ", ["web"]],
      ["rkt status ", [uuid, prepared, "web"]],
      ["rkt stop web w", ["web"]],
      ["rkt status web w", []],
      [`rkt rm ${uuid.slice(0, 9)}`, [uuid]],
      ["rkt run-prepared ", [prepared]],
      ["rkt image rm ", ["example.com/box:1", "example.com/busy:1"]],
      ["rkt image rm example.com/bo", ["example.com/box:1"]],
      ["rkt image cat-manifest example.com/box:", ["example.com/box:1"]],
      [`rkt image export ${id.slice(0, 12)}`, [id]],
      ["rkt run example.com/bu", ["example.com/busy:1"]],
      ["rkt prepare --name=x example.com/box:1 --exec=/y example.com/bu", ["example.com/busy:1"]],
      ["rkt fetch ./pla", ["./place"]],
      ["rkt image extract example.com/box:1 pla", ["place"]],
      ["rkt trust --root place/", ["place/file.pub"]],
      ["rkt trust rm ", [key]],
      ["rkt enter --app=", ["--app=back", "--app=box", "--app=front"]],
      ["rkt enter --app=f", ["--app=front"]],
      ["rkt logs web --app ", ["back", "front"]],
      ["rkt export web --app=b", ["--app=back"]],
      ["rkt logs none --app=", []],
      ["rkt help ima", ["image"]],
      ["rkt help image li", ["list"]],
      ["rkt completion ", ["bash", "fish", "zsh"]],
      ["rkt logs -n 5 w", ["web"]],
      ["rkt status --wait w", ["web"]],
      ["rkt --dir=/srv/other status ", [other]],
      ["rkt status --dir /srv/other ", [other]],
      ["rkt run-prepared --dir=/srv/other 0f", [other]],
      ["rkt pod rm --dir=/srv/other ", []],
      ["rkt --dir=/srv/other image rm ", []],
      ["rkt --dir /srv/other enter --app=", []],
      ["rkt pod judge", []],
      ["rkt nothing ", []],
    ];

    for (const name of SHELLS) {
      await t.test(`in ${name}: commands, options, values, pods, images, apps, keys and files`, async () => {
        using shell = await openCompletingShell(host, name);
        const wrong: string[] = [];
        for (const [line, expected] of cases) {
          const offered = await shell.offers(line);
          if (JSON.stringify(offered) !== JSON.stringify([...expected].toSorted()))
            wrong.push(`${line}: ${offered.join(" ")}, not ${expected.join(" ")}`);
        }
        assert.deepEqual(wrong, []);
        assert.deepEqual(await shell.offers("rkt "), commands);
        for (const line of ["rkt pod cat ", "rkt pod verify "]) {
          assert.deepEqual(
            (await shell.offers(line)).filter((word) => !/^[A-Za-z0-9.][A-Za-z0-9._:/+-]*$/.test(word)),
            [],
          );
        }
        assert.equal((await host.run(["sh", "-c", "ls /root/evil /evil 2>/dev/null"])).stdout, "", "a name was executed");
      });
    }

    await t.test("with what rkt completion prints, where nothing is installed", async () => {
      const script = `. <(rkt completion bash); COMP_LINE='rkt image li' COMP_POINT=12 COMP_WORDS=(rkt image li); _rkt; echo "$COMPREPLY"`;
      assert.equal((await host.run(["bash", "--norc", "-c", script])).stdout, "list\n");
      const behind = `. <(rkt completion bash); COMP_LINE='rkt enter --app=fr web' COMP_POINT=18 COMP_WORDS=(rkt); _rkt; echo "$COMPREPLY"`;
      assert.equal((await host.run(["bash", "--norc", "-c", behind])).stdout, "front\n");
      assert.match(await host.sh("rkt completion zsh"), /^#compdef rkt\n/);
      assert.match(await host.sh("rkt completion fish"), /^# fish completion for rkt/);
    });

    await t.test("a user who may not look into pods is offered commands and no errors", async () => {
      const stranger = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
      const shown = await host.run([...stranger, "fish", "-c", "complete -C 'rkt stop '"], { env: { HOME: "/tmp" } });
      assert.deepEqual([shown.stdout, shown.stderr], ["", ""]);
    });
  });
});
