import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parsePodName, parseUuid } from "../../src/base/id.ts";
import type { PodDescription } from "../../src/pod/engine.ts";
import { resultCommands } from "../../src/stage1/kvm/result.ts";
import { launchScript } from "../../src/stage1/kvm/service.ts";

const base = mkdtempSync(join(tmpdir(), "rkt-result-"));
after(() => rmSync(base, { recursive: true }));
const uuid = parseUuid("5b1ff7e2-92ad-4bf3-8b1c-7f4a8ad3e7a3");
const pod = { uuid, name: parsePodName("box"), apps: [], volumes: [], job: false } as unknown as PodDescription;

interface End {
  /** What systemd says of the hypervisor's end. */
  readonly engine: string;
  readonly ended: string;
  /** Of the pod's directory of words: file and content. */
  readonly words?: Readonly<Record<string, string>>;
  /** The unit's jobs, as systemctl lists them. */
  readonly jobs?: string;
}

/** What is recorded of a run, and what the unit's last command ends with. */
function resultOf({ engine, ended, words = {}, jobs = "" }: End): { readonly last: string; readonly status: number | string } {
  const guest = join(base, "guest");
  rmSync(guest, { recursive: true, force: true });
  mkdirSync(guest);
  mkdirSync(join(base, "status"), { recursive: true });
  for (const [name, text] of Object.entries(words)) writeFileSync(join(guest, name), text);
  const { read, end } = resultCommands(pod, undefined);
  const [code = "", status = ""] = ended.split(" ");
  const script = [
    `systemctl() { printf '%s' '${jobs}'; }`,
    `pod=${base} engine=${engine} SERVICE_RESULT=${engine} EXIT_CODE=${code} EXIT_STATUS=${status}`,
    ...read.map((line) => line.replaceAll(`/run/rkt/guests/${uuid}`, guest)),
    `echo "$SERVICE_RESULT $EXIT_CODE $EXIT_STATUS" > ${base}/last`,
    ...end,
  ];
  const result = spawnSync("sh", ["-c", script.join("\n")]);
  return { last: readFileSync(join(base, "last"), "utf8").trim(), status: result.signal ?? result.status ?? -1 };
}

const EXITS = "a exited 0 success\nb exited 3 exit-code\nc killed KILL oom-kill\n";
const STOPPED = "12 rkt-pod@box.service stop running\n";

for (const [what, end, last, status] of [
  [
    "apps that ended well",
    { engine: "success", ended: "exited 0", words: { exits: "a exited 0 success\n", ran: "" } },
    "success exited 0",
    0,
  ],
  ["the first app that failed", { engine: "success", ended: "exited 0", words: { exits: EXITS, ran: "" } }, "exit-code exited 3", 3],
  [
    "an app that was killed",
    { engine: "success", ended: "exited 0", words: { exits: "c killed KILL oom-kill\n" } },
    "oom-kill killed KILL",
    "SIGKILL",
  ],
  ["a crash while the apps ran", { engine: "success", ended: "exited 0", words: { ran: "" } }, "exit-code exited 254", 254],
  ["a job's crash before its apps ran", { engine: "success", ended: "exited 0" }, "exit-code exited 254", 254],
  ["a stop before the apps ran", { engine: "success", ended: "exited 0", jobs: STOPPED }, "success exited 0", 0],
  ["a crash before the pod was ready", { engine: "protocol", ended: "exited 0" }, "protocol exited 254", 0],
  ["a start that took too long", { engine: "timeout", ended: "exited 0" }, "timeout exited 254", 0],
  ["a hypervisor that was killed", { engine: "signal", ended: "killed KILL" }, "signal killed KILL", 0],
] as const) {
  test(`the result of ${what}`, () => assert.deepEqual(resultOf(end), { last, status }));
}

test("how apps ended is left for who may not look into the guest", () => {
  resultOf({ engine: "success", ended: "exited 0", words: { exits: EXITS } });
  assert.equal(readFileSync(join(base, "status/b"), "utf8"), "exited 3 exit-code\n");
});

test("a job's machine is asked to end by the signal that systemd stops jobs with, and its status is the job's", () => {
  const guest = join(base, "job");
  mkdirSync(guest);
  writeFileSync(join(guest, "boot_id"), "1\n");
  writeFileSync(join(guest, "ready"), "yes\n");
  spawnSync("mkfifo", [join(guest, "control")]);
  const launch = launchScript({ ...pod, job: true }).replaceAll(`/run/rkt/guests/${uuid}`, guest);
  writeFileSync(
    join(base, "machine"),
    `exec 3<>${guest}/control; : >${guest}/up; read -r word <&3; [ "$word" = poweroff ] && [ "$1" = "end rkt.boot_id=1" ] && exit 7\n`,
  );
  mkdirSync(join(base, "bin"));
  writeFileSync(join(base, "bin/systemd-notify"), "#!/bin/sh\n", { mode: 0o755 });
  const stop = `sh -c "$1" sh sh "$2" end & pid=$!; until [ -e ${guest}/up ]; do :; done; kill -TERM $pid; wait $pid`;
  const result = spawnSync("sh", ["-c", stop, "sh", launch, join(base, "machine")], {
    timeout: 20_000,
    env: { PATH: `${join(base, "bin")}:${process.env["PATH"] ?? ""}` },
  });
  assert.equal(result.status, 7, result.stderr.toString());
  assert.equal(readFileSync(join(guest, "asked"), "utf8"), "yes\n");
});
