import { bootHost, type TestHost } from "./host.ts";
import type { TestMachine } from "./machine.ts";
import { makeImage, type TestImage, trustPublisher } from "./pod-host.ts";
import type { Result } from "./run.ts";
import type { Suite } from "./suites.ts";

/** A booted host with what `prepareBox` makes. */
export async function bootWithBox(suite: Suite, image: Partial<TestImage> = {}): Promise<TestHost> {
  const host = await bootHost({ suite });
  await prepareBox(host, image);
  return host;
}

/** The signed image /root/images/box.aci (busybox, users, what a test adds) and a directory that all users may write. */
export async function prepareBox(host: TestMachine, image: Partial<TestImage> = {}): Promise<void> {
  await trustPublisher(host);
  await makeImage(host, {
    name: "box",
    ...image,
    files: {
      "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34:web:/srv/www:/bin/ash\n",
      "etc/group": "root:x:0:\nwww:x:34:\nextra:x:2000:\n",
      ...image.files,
    },
    app: { exec: ["/bin/true"], ...image.app },
  });
  await host.sh("mkdir -m 1777 /srv/out");
}

/** What every app of these tests has: the image, and /out, the host's /srv/out. */
export const BOX_APP = "Image=/root/images/box.aci\nMount=volume=out,target=/out\n";
export const BOX_POD = "[Pod]\nVolume=out,kind=host,source=/srv/out\n";

/** One app that runs a shell script: a section of a .pod file. The script may hold no single quote. */
export function shellApp(name: string, script: string, more = ""): string {
  return `[App ${name}]\n${BOX_APP}Exec=/bin/sh -c '${script.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}'\n${more}\n`;
}

/** Lines of an app in the pod's journal, of all runs, read from the host's directory. */
export async function linesOf(host: TestMachine, uuid: string, app: string): Promise<string[]> {
  const directory = `/var/log/journal/${uuid.replaceAll("-", "")}`;
  const text = await host.sh(`journalctl --quiet --output=cat -D ${directory} -t ${app} 2>/dev/null || :`);
  return text.split("\n").slice(0, -1);
}

/** One property of the pod's unit. */
export async function property(host: TestMachine, name: string, key: string): Promise<string> {
  return (await host.sh(`systemctl show --property=${key} --value rkt-pod@${name}`)).trim();
}

/** Runs systemctl in the pod's own systemd. */
export function systemctlInside(host: TestMachine, name: string, argv: string): Promise<string> {
  return host.sh(`main=$(systemctl show -P MainPID rkt-pod@${name}); leader=$(cat /proc/$main/task/$main/children)
    nsenter -t $leader -m -u -i -n -p -C systemctl ${argv}`);
}

export function systemctl(host: TestMachine, verb: string, name: string): Promise<Result> {
  return host.run(["systemctl", verb, `rkt-pod@${name}.service`]);
}

/** `KEY=VALUE` lines of `rkt status`; `wait`: until the pod has ended. */
export async function statusOf(host: TestMachine, pod: string, wait = false): Promise<ReadonlyMap<string, string>> {
  const text = await host.sh(`rkt status ${wait ? "--wait=240s " : ""}${pod}`);
  const lines = text.trim().split("\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
