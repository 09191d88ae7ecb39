import { escapeText } from "../base/escape.ts";
import type { ProgressEvent } from "../image/source/source.ts";
import type { Context } from "./context.ts";
import { startProgress } from "./output/progress.ts";

/** Shows on a terminal how far a fetch is; silent elsewhere. */
export function fetchProgress(context: Context, source: string): { update(event: ProgressEvent): void; finish(): void } {
  const progress = startProgress({
    label: `Fetching ${escapeText(source)}`,
    stream: context.stderr,
    isTerminal: context.isTerminal.stderr,
    now: () => context.host.clock.now(),
  });
  return {
    update: (event) => {
      if (event.what === "image") progress.update(event.received, event.total);
    },
    finish: () => progress.finish(),
  };
}
