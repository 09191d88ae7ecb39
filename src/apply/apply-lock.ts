import { RktError } from "../base/error.ts";
import type { ApplyContext } from "./context.ts";

const minute = 60_000;

/** One lock for everything that changes named pods. Nobody waits for a network while he has it. */
export async function withApplyLock<Result>(context: ApplyContext, action: () => Promise<Result>, minutes = 1): Promise<Result> {
  const { host, dirs } = context;
  host.files.mkdir(`${dirs.dataDir}/locks`, { recursive: true, mode: 0o2750 });
  const lock = host.locks.tryLock(`${dirs.dataDir}/locks/apply`, { wait: minutes * minute });
  if (lock === undefined) {
    throw new RktError(
      "apply-locked",
      `Cannot change pods: another rkt has been changing them for ${minutes === 1 ? "a minute" : `${minutes} minutes`}`,
      {
        hint: "Wait for it, or look for it with ps",
      },
    );
  }
  try {
    return await action();
  } finally {
    lock.release();
  }
}
