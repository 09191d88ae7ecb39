import { constants } from "node:os";
import type { EnterSession } from "../systemd/enter-request.ts";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** From now on a signal that would end this process goes to the command in the pod, which ends both; one that comes too early waits for it. */
export function forwardSignals(): { start(session: EnterSession): void } {
  const early: number[] = [];
  let running: EnterSession | undefined;
  for (const name of FORWARDED) {
    process.on(name, () => {
      if (running === undefined) early.push(constants.signals[name]);
      else send(running, constants.signals[name]);
    });
  }
  return {
    start: (session) => {
      running = session;
      for (const signal of early) send(session, signal);
    },
  };
}

/** A command that has just ended takes no signal. */
function send(session: EnterSession, signal: number): void {
  session.kill(signal).catch(() => undefined);
}
