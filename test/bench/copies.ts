import type { TestHost } from "../lib/host.ts";

/** Copies a pod's directory under new UUIDs, its files' mentions of the old one rewritten. Runs in the host, on rkt's own Node. */
const COPY = `
const { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const [from, to, count] = process.argv.slice(2);
const old = basename(from);
const named = readdirSync(from, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: path.slice(from.length), text: readFileSync(path, "latin1") }))
  .filter(({ text }) => text.includes(old) || text.includes(old.replaceAll("-", "")));
mkdirSync(to, { recursive: true });
for (let made = 0; made < Number(count); made++) {
  const uuid = crypto.randomUUID();
  const target = join(to, uuid);
  cpSync(from, target, { recursive: true, verbatimSymlinks: true });
  for (const { path, text } of named)
    writeFileSync(target + path, text.replaceAll(old, uuid).replaceAll(old.replaceAll("-", ""), uuid.replaceAll("-", "")), "latin1");
}
`;

const SCRIPT = "/usr/local/lib/bench-copy-pods.cjs";

/** The only pod of `rkt run` that has ended: what is copied. It lies outside of rkt's own directories. */
export const ENDED_POD = "/var/lib/rkt/bench/ended";

/** Runs a pod to its end and puts it aside; afterwards `copyPods` in the host's shell makes copies of it. */
export async function prepareCopies(host: TestHost): Promise<void> {
  await host.write(SCRIPT, COPY);
  await host.sh(`[ -e ${ENDED_POD} ] && exit 0
    rkt gc --grace-period=0s >/dev/null 2>&1
    rkt run --net=host --uuid-file-save=/root/ended /root/images/bench.aci
    mkdir ${ENDED_POD} && mv "/var/lib/rkt/pods/run/$(cat /root/ended)" ${ENDED_POD}/`);
}

/** For loops. */
export const COPY_PODS = `
copy_pods() { # DIRECTORY COUNT
    /usr/lib/rkt/bin/node "${SCRIPT}" ${ENDED_POD}/* "$1" "$2"
}`;
