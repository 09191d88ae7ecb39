import type { Bus, BusSignal, MatchRule } from "./bus.ts";

export interface WaitOptions<T> {
  /** undefined = not the one; anything else ends the wait. */
  readonly accept: (signal: BusSignal) => T | undefined;
  /** Runs once the rule is in force: asks for the present state, or causes the signal. What it returns ends the wait too. */
  readonly begin?: () => Promise<T | undefined>;
  /** undefined is returned after it. Default: for ever. */
  readonly timeoutMs?: number;
}

/** Waits for a signal; undefined when the time is over; throws when the connection ends. */
export async function waitSignal<T>(bus: Bus, rule: MatchRule, options: WaitOptions<T>): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  promise.catch(() => undefined);
  const forget = bus.onDeath(reject);
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => resolve(undefined), options.timeoutMs);
  try {
    const settle = (found: T | undefined): void => void (found !== undefined && resolve(found));
    const subscription = await bus.match(rule, (signal) => settle(options.accept(signal)));
    options.begin?.().then(settle, reject);
    return await promise.finally(() => subscription.close());
  } finally {
    clearTimeout(timer);
    forget();
  }
}
