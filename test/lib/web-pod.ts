import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after } from "node:test";
import type { ApplyContext } from "../../src/apply/context.ts";
import { parseImageId } from "../../src/base/id.ts";
import type { Host } from "../../src/host/host.ts";
import type { Engine } from "../../src/pod/engine.ts";
import { parseImageManifest } from "../../src/spec/image-manifest.ts";
import type { StoredImage } from "../../src/store/image.ts";

/** A directory that goes after the tests of a file, with the tree of `webImage` in it. */
export function makeBase(): string {
  const base = mkdtempSync(`${tmpdir()}/rkt-web-`);
  after(() => rmSync(base, { recursive: true }));
  mkdirSync(`${base}/tree/bin`, { recursive: true });
  writeFileSync(`${base}/tree/bin/server`, "", { mode: 0o755 });
  return base;
}

const fingerprint = "a".repeat(40);
const signature = { type: "openpgp", fingerprint, signingFingerprint: fingerprint, signedAt: 1, verifiedAt: 2, signedDigest: "sha512-0" };

/** A verified image of a server with a port, as the store has it; `/web.aci` in pod files. */
const manifest = parseImageManifest(
  JSON.stringify({
    ...{ acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/web" },
    app: { exec: ["/bin/server"], user: "0", group: "0", ports: [{ name: "web", protocol: "tcp", port: 80 }] },
  }),
);
export const webImage = {
  ...{ id: parseImageId(`sha512-${"1".repeat(128)}`), format: "aci", name: manifest.name, labels: [], manifest },
  ...{ importTime: 1, lastUsed: 1, size: 1, source: "/web.aci", signatures: [signature] },
} as StoredImage;
const key = { path: "/key", key: { fingerprint, revoked: false, identities: [], subkeys: [] } };

/** An apply without systemd below a directory, with a store that has `webImage` and trusts its key. */
export function webContext(host: Host, root: string, engines: readonly Engine[]): ApplyContext {
  const dirs = { dataDir: `${root}/data`, runDir: `${root}/run` };
  return {
    ...{ host, dirs, engines, version: "0", unitDirectory: `${root}/units`, manager: undefined },
    paths: { ...dirs, etcDir: `${root}/etc`, libDir: `${root}/lib` },
    store: { images: () => [webImage], tryLock: () => ({ release: () => undefined }) },
    keystore: { factsFor: async () => [key] },
    stage1Config: () => [],
    say: () => undefined,
  } as unknown as ApplyContext;
}
