import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "../../src/host/host.ts";
import { createHost } from "../../src/host/node-host.ts";
import { fetchImage, type FetchOptions } from "../../src/image/fetch.ts";
import type { StoredImage } from "../../src/store/image.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { openKeystore, type Keystore } from "../../src/trust/keystore.ts";

/** A store of its own below a temporary directory. */
export interface TestStore {
  readonly folder: string;
  readonly host: Host;
  readonly store: Store;
  readonly keystore: Keystore;
  /** Writes a file into the folder; returns its path. */
  put(name: string, data: Buffer | string): string;
  /** Fetches an archive's bytes, unverified unless the options say otherwise. */
  fetch(data: Buffer, options?: FetchOptions): Promise<StoredImage>;
  /** Names below the store, files and directories, sorted: what an action left. */
  names(): string[];
  close(): void;
}

export function openTestStore(host: Host = createHost()): TestStore {
  const folder = fs.mkdtempSync(join(tmpdir(), "rkt-store-"));
  const store = openStore(host, join(folder, "data"));
  const directories = { system: join(folder, "keys-system"), local: join(folder, "keys-local") };
  const keystore = openKeystore(host, directories, { owner: host.uid });
  let count = 0;
  const put = (name: string, data: Buffer | string): string => {
    fs.writeFileSync(join(folder, name), data);
    return join(folder, name);
  };
  return {
    folder,
    host,
    store,
    keystore,
    put,
    fetch: (data, options = { insecure: new Set(["image"]) }) =>
      fetchImage({ host, store, keystore }, put(`image-${++count}.aci`, data), options),
    names: () => (fs.existsSync(store.dataDir) ? fs.readdirSync(store.dataDir, { recursive: true, encoding: "utf8" }).toSorted() : []),
    close: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
