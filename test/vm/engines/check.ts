import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { statusOf } from "../../lib/box.ts";
import type { TestMachine } from "../../lib/machine.ts";
import { startMachine } from "../kvm/pods.ts";
import { type AppView, checkDifferences, compareViews, readView } from "./compare.ts";

const APP = "[App main]\nImage=/root/images/box.aci\nExec=/bin/probe one 'two words'\n";
const engines = ["nspawn", "kvm", "fly"] as const;

/** Of [Pod] and [App]: nothing is said, and everything that all three take. */
const declarations: Readonly<Record<string, string>> = {
  plain: APP,
  said: `Volume=data,kind=host,source=/srv/shared
Volume=keep,kind=empty,mode=0700,uid=33,gid=34
Volume=state,kind=state,mode=0750
Volume=small,kind=tmpfs,size=1M
DNS=192.0.2.1
HostsEntry=192.0.2.2=name
${APP}User=www
Group=www
SupplementaryGroups=extra 7
WorkingDirectory=/etc
Environment=COLOUR="light blue"
ReadOnlyRootFS=yes
CapabilityRetain=CAP_NET_BIND_SERVICE CAP_CHOWN
NoNewPrivileges=yes
OOMScoreAdjust=100
Memory=64M
LimitNOFILE=4096
LimitCORE=0
Nice=5
UMask=0027
Mount=volume=data,target=/data
Mount=volume=keep,target=/keep
Mount=volume=state,target=/state
Mount=volume=small,target=/small
`,
};

/** The same declarations, under each engine, and what their apps saw. */
export async function checkEngines(t: TestContext, vm: TestMachine): Promise<void> {
  await vm.sh("mkdir -p /srv/shared/below; echo text >/srv/shared/file; chown 33:34 /srv/shared; chmod 2750 /srv/shared");
  const pods = Object.keys(declarations).flatMap((name) => engines.map((engine) => ({ name, engine, pod: `${name}-${engine}` })));
  const views = new Map<string, AppView>();
  for (const { name, engine, pod } of pods) {
    await vm.write(`/etc/rkt/pods.d/${pod}.pod`, `[Pod]\nStage1=${engine}\nJob=yes\n${declarations[name]}`);
    await vm.sh(`rkt pod apply ${pod}`);
    await startMachine(vm, pod);
    views.set(pod, await viewOf(vm, pod));
  }
  for (const engine of ["kvm", "fly"] as const) {
    await t.test(`${engine} differs from nspawn where it is listed, and everything that is listed differs`, () => {
      const found = Object.keys(declarations).map((name) => compareViews(views.get(`${name}-nspawn`)!, views.get(`${name}-${engine}`)!));
      const { unlisted, gone } = checkDifferences(engine, new Map(found.flatMap((each) => [...each])));
      assert.deepEqual({ unlisted, gone }, { unlisted: [], gone: [] });
    });
  }
}

async function viewOf(vm: TestMachine, pod: string): Promise<AppView> {
  const status = await statusOf(vm, pod);
  const uuid = status.get("uuid") ?? "";
  const boot = (await vm.read("/proc/sys/kernel/random/boot_id")).trim();
  const names = {
    [boot]: "BOOT-OF-HOST",
    [uuid]: "UUID",
    [uuid.replaceAll("-", "")]: "MACHINE-ID",
    [pod]: "POD",
    ...Object.fromEntries(
      [...(status.get("networks") ?? "").matchAll(/ip([46])=([^,;]+)/g)].map(([, family, address]) => [address, `ADDRESS${family}`]),
    ),
  };
  const log = await vm.sh(`rkt logs ${pod}`);
  const view = readView(log, names);
  assert.ok(view.has("end"), `${pod} told everything: ${[...view.keys()].at(-1)}`);
  return view;
}
