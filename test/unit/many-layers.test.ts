import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import { exportTree } from "../../src/image/export-tree.ts";
import type { StoredImage } from "../../src/store/image.ts";
import { bootScript } from "../../src/stage1/tree/boot-script.ts";
import { openTestStore } from "../lib/image-store.ts";
import { describeApp, describePod } from "../lib/pod-description.ts";

const base = mkdtempSync(join(tmpdir(), "rkt-layers-"));
after(() => rmSync(base, { recursive: true }));

/** mount(8) of util-linux 2.39 and later: the kernel takes 255 bytes of an option that is handed over by itself. */
const mount = `#!/bin/sh
case "$*" in *--fstab*) options=$(grep -v '^#' ${base}/fstab) ;; *) options="$*" ;; esac
[ "\${LIBMOUNT_FORCE_MOUNT2:-auto}" = always ] && exit 0
for option in $(echo "$options" | tr ', ' '\\n\\n'); do
  [ "\${#option}" -le 255 ] || { echo "mount: wrong fs type, bad option" >&2; exit 32; }
done
`;
mkdirSync(join(base, "bin"));
writeFileSync(join(base, "bin/mount"), mount, { mode: 0o755 });
for (const name of ["setpriv", "touch", "tar", "gzip", "rm"]) writeFileSync(join(base, `bin/${name}`), "#!/bin/sh\n", { mode: 0o755 });

const layers = Array.from({ length: 40 }, (_, index) => `/var/lib/rkt/cas/tree/${index}/rootfs`);

test("a pod has an app of more layers than 255 bytes of their names, and not under a mount(8) that is left to itself", () => {
  const pod = describePod({ apps: [describeApp("first", { layers })], volumes: [] });
  const script = bootScript(pod).replaceAll("/run/fstab", `${base}/fstab`).replaceAll("/usr/bin/", `${base}/bin/`);
  const run = (text: string) => spawnSync("sh", ["-c", text], { encoding: "utf8" });
  assert.deepEqual([run(script).status, run(script).stderr], [0, ""]);
  assert.equal(run(script.replace("LIBMOUNT_FORCE_MOUNT2=always ", "")).status, 32);
});

test("such an app is exported", async () => {
  const store = openTestStore();
  after(() => store.close());
  const real = createHost();
  const host = {
    ...real,
    programs: {
      ...real.programs,
      run: (argv: readonly string[]) => {
        assert.deepEqual(argv.slice(0, 4), ["unshare", "--mount", "--propagation=private", "sh"]);
        writeFileSync(join(String(argv[7]), "aci"), "");
        return real.programs.run(argv.slice(3), { env: { PATH: `${base}/bin:${process.env["PATH"] ?? ""}` } });
      },
    },
  };
  const image = { manifest: { acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app" } } as StoredImage;
  await exportTree({ host, store: store.store }, { layers, image }, join(base, "x.aci"), { overwrite: false });
});
