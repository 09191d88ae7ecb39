import { RktError } from "../base/error.ts";
import type { Store } from "../store/store.ts";

const PATIENCE = 60_000;

/** Does something while nobody else reads from or writes to the store's images. */
export async function withStoreLock<Result>(store: Store, action: () => Promise<Result>): Promise<Result> {
  const lock = store.tryLock({ wait: PATIENCE });
  if (lock === undefined) {
    throw new RktError("store-locked", "Cannot change the store: another rkt has been using it for a minute", {
      hint: "Wait for it, or look for it with ps",
    });
  }
  try {
    return await action();
  } finally {
    lock.release();
  }
}
