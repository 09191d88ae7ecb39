import { setTimeout as delay } from "node:timers/promises";

export interface WaitOptions {
  /** What is waited for, for the message of the time-out. */
  readonly what: string;
  readonly timeout?: number;
  readonly interval?: number;
}

/** Asks again until the answer is not undefined; for what tells nobody when it happens. */
export async function waitFor<T>(ask: () => Promise<T | undefined> | T | undefined, options: WaitOptions): Promise<T> {
  const end = Date.now() + (options.timeout ?? 20_000);
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`Timed out waiting for ${options.what}`);
    await delay(options.interval ?? 50);
  }
}
