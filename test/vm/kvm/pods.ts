import assert from "node:assert/strict";
import { linesOf, property, statusOf } from "../../lib/box.ts";
import type { TestMachine } from "../../lib/machine.ts";
import { waitFor } from "../../lib/wait-for.ts";

const APP = "Image=/root/images/box.aci\n";

/** A machine starts slowly in a machine that is emulated. */
export const SLOW = "[Service]\nTimeoutStartSec=10min\n";

/** A pod of one app, in a virtual machine. The script may hold no single quote. */
export const vmPod = (script: string, more = "", pod = "Net=none\n"): string =>
  `${SLOW}[Pod]\nStage1=kvm\n${pod}[App main]\n${APP}Exec=/bin/sh -c '${script.replaceAll("\n", "\\n")}'\n${more}`;

/** Lines of the app `main`, as soon as the last one is "end". */
export async function linesToEnd(vm: TestMachine, uuid: string): Promise<string[]> {
  const read = async (): Promise<string[] | undefined> => {
    const found = await linesOf(vm, uuid, "main");
    return found.at(-1) === "end" ? found : undefined;
  };
  return await waitFor(read, { what: "the app's lines", timeout: 120_000, interval: 500 });
}

/**
 * Starts a pod; once more where its machine ended at its boot without a word, which emulators do to a machine in a machine (test/README.md)
 * and nothing else: a guest's kernel or systemd that fails says so on its console.
 */
export async function startMachine(vm: TestMachine, name: string): Promise<void> {
  const { status, stderr } = await vm.run(["systemctl", "start", `rkt-pod@${name}`]);
  if (status === 0) return;
  const words = await vm.sh(
    `journalctl --quiet --no-pager --output=cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID rkt-pod@${name})`,
  );
  const rest = words
    .split("\n")
    .filter((line) => line !== "" && !/^Failed to find module|^The virtual machine ended before its apps ran/.test(line));
  assert.equal(rest.join("\n"), "", `${stderr}${words}`);
  assert.equal(await property(vm, name, "Result"), "protocol", stderr);
  process.stderr.write(`test host: the machine of pod ${name} was lost by its emulator, and is started again\n`);
  await vm.sh(`systemctl start rkt-pod@${name}`);
}

export async function untilEnded(vm: TestMachine, name: string): Promise<void> {
  await waitFor(async () => (["inactive", "failed"].includes(await property(vm, name, "ActiveState")) ? true : undefined), {
    what: `${name} to end`,
    timeout: 120_000,
    interval: 500,
  });
}

export async function ended(
  vm: TestMachine,
  name: string,
  expected: { readonly result: string; readonly status: string; readonly app: string },
): Promise<void> {
  const line = await vm.sh(`systemctl show -p ExecStopPost rkt-pod@${name}`);
  const status = await statusOf(vm, name, true);
  assert.deepEqual(
    { result: await property(vm, name, "Result"), status: /status=(\S+)/.exec(line)?.[1], app: status.get("app-main") },
    expected,
    line,
  );
}

/** Of any machine and whatever served it: units, processes, sockets, context ids, locks. */
const LEFT = `systemctl list-units --state=active,activating,deactivating,failed --no-legend --plain 'rkt-machine-*' 'rkt-vm-*' 'rkt-volume-*'
  cd /run/rkt; for path in vm/* cids/* guests/*; do [ ! -e "$path" ] || echo "$path"; done
  for lock in locks/*; do [ ! -e "$lock" ] || flock --nonblock "$lock" true || echo "$lock is held"; done
  machinectl list --no-legend; pgrep -a 'qemu|lkvm|virtiofsd|systemd-journal-r' || :`;

/** Of any pod, but for what says how it ended. */
export async function nothingLeft(vm: TestMachine): Promise<void> {
  const gone = async (): Promise<true | undefined> => ((await vm.sh(LEFT)) === "" ? true : undefined);
  await waitFor(gone, { what: "nothing to be left of the machines", timeout: 60_000, interval: 500 }).catch(async () =>
    assert.equal(await vm.sh(LEFT), ""),
  );
}
