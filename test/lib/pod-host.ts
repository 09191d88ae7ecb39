import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestMachine } from "./machine.ts";
import { CACHE } from "./tree.ts";

const KEY_MAIL = "publisher@example.com";

export interface TestImage {
  /** Under `example.com/`, which `trustPublisher` trusts. */
  readonly name: string;
  /** Path in the image → content; a Uint8Array is a program (0755). Busybox and its applets are there in any case. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** The manifest's app; user and group default to 0. */
  readonly app: Readonly<Record<string, unknown>> & { readonly exec: readonly string[] };
  readonly annotations?: readonly { readonly name: string; readonly value: string }[];
  /** A script that changes the tree, run in it before it is packed. */
  readonly prepare?: string;
}

/** A publisher's OpenPGP key, made in the host by gpg and trusted for `example.com`. Once per host, before `makeImage`. */
export async function trustPublisher(host: TestMachine): Promise<void> {
  await host.sh(`
    gpg --quiet --batch --passphrase '' --quick-generate-key 'publisher <${KEY_MAIL}>' ed25519 sign never
    gpg --quiet --batch --armor --output /root/key.asc --export ${KEY_MAIL}
    rkt trust --prefix=example.com --skip-fingerprint-review /root/key.asc`);
}

/** Makes a signed ACI of the host's static busybox and the given files; returns its path in the host. */
export async function makeImage(host: TestMachine, image: TestImage): Promise<string> {
  const place = `/root/images/${image.name}`;
  const manifest = {
    acKind: "ImageManifest",
    acVersion: "0.8.11",
    name: `example.com/${image.name}`,
    labels: [
      { name: "version", value: "1" },
      { name: "os", value: "linux" },
      { name: "arch", value: "amd64" },
    ],
    app: { user: "0", group: "0", ...image.app },
    ...(image.annotations === undefined ? {} : { annotations: image.annotations }),
  };
  await host.write(`${place}/manifest`, JSON.stringify(manifest));
  for (const [path, content] of Object.entries(image.files ?? {})) {
    await host.write(`${place}/rootfs/${path}`, content, typeof content === "string" ? 0o644 : 0o755);
  }
  await host.sh(`cd ${place} && mkdir -p rootfs/bin rootfs/tmp rootfs/etc && chmod 1777 rootfs/tmp && cp "$(command -v busybox)" rootfs/bin/busybox
    busybox --list | (cd rootfs/bin && perl -ne 'chomp; symlink "busybox", $_')
    (cd rootfs && ${image.prepare ?? ":"})
    tar --numeric-owner --owner=0 --group=0 -cf ${place}.aci manifest rootfs
    rm -f ${place}.aci.asc && gpg --quiet --batch --armor --detach-sign --output ${place}.aci.asc ${place}.aci`);
  return `${place}.aci`;
}

/** Declares a pod and applies it. */
export async function applyPod(host: TestMachine, name: string, declaration: string): Promise<void> {
  await host.write(`/etc/rkt/pods.d/${name}.pod`, declaration);
  await host.sh(`rkt pod apply ${name}`);
}

/** The pod's UUID. */
export async function uuidOf(host: TestMachine, name: string): Promise<string> {
  return (await host.sh(`rkt status ${name} | sed -n 's/^uuid=//p'`)).trim();
}

/** Compiles C outside of the host, statically; kept by its text. */
export async function compileStatic(source: string): Promise<Uint8Array> {
  const directory = join(CACHE, "programs");
  const path = join(directory, createHash("sha256").update(source).digest("hex"));
  try {
    return await readFile(path);
  } catch {
    await mkdir(directory, { recursive: true });
    const fresh = `${path}.${process.pid}`;
    await writeFile(`${fresh}.c`, source);
    await promisify(execFile)("cc", ["-static", "-O1", "-Wall", "-o", fresh, `${fresh}.c`]);
    await rename(fresh, path);
    return await readFile(path);
  }
}
