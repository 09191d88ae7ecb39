import { RktError } from "../base/error.ts";
import type { ApplyContext } from "./context.ts";

const patience = 60_000;

/** One lock for everything that changes named pods. */
export async function withApplyLock<Result>(context: ApplyContext, action: () => Promise<Result>): Promise<Result> {
  const { host, dirs } = context;
  host.files.mkdir(`${dirs.dataDir}/locks`, { recursive: true, mode: 0o2750 });
  const lock = host.locks.tryLock(`${dirs.dataDir}/locks/apply`, { wait: patience });
  if (lock === undefined) {
    throw new RktError("apply-locked", "Cannot change pods: another rkt has been changing them for a minute", {
      hint: "Wait for it, or look for it with ps",
    });
  }
  try {
    return await action();
  } finally {
    lock.release();
  }
}
