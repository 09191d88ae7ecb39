import type { renderTree } from "../image/write-tree.ts";
import { openStore } from "../store/store.ts";
import type { Context } from "./context.ts";
import type { OptionValues } from "./options.ts";

interface Words {
  /** IMAGE DIR. */
  readonly args: readonly string[];
  readonly options: OptionValues;
}

/** Writes an image of the store to a directory, while nobody takes it away. */
export async function withImageTree(context: Context, { args, options }: Words, write: typeof renderTree): Promise<number> {
  const [reference = "", directory = ""] = args;
  const { host } = context;
  const store = openStore(host, context.paths.dataDir);
  const lock = store.tryLock({ shared: true, wait: 60_000 });
  try {
    const image = store.find(reference);
    await write({ host, store }, image, directory, { rootfsOnly: options.flag("rootfs-only"), overwrite: options.flag("overwrite") });
    store.touch(image.id);
    return 0;
  } finally {
    lock?.release();
  }
}
