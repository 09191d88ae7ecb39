import type { Result, Target } from "./result.ts";

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Undefined where there are no samples. */
export function summarize(samples: readonly number[] | undefined): Summary | undefined {
  if (samples === undefined || samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: middle(sorted), least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

function middle(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** How many times the median of one is that of the other; undefined where either has none, or the other is nothing or less. */
export function ratio(of: readonly number[] | undefined, to: readonly number[] | undefined): number | undefined {
  const [above, below] = [summarize(of)?.median, summarize(to)?.median];
  return above === undefined || below === undefined || below <= 0 ? undefined : above / below;
}

export interface Judgement {
  readonly target: Target;
  /** Undefined where a peer did not run. */
  readonly value?: number;
  readonly met?: boolean;
}

export function judge(result: Result): readonly Judgement[] {
  const samples = (row: string, figure: string): readonly number[] | undefined =>
    result.rows.find(({ key }) => key === row)?.samples[figure];
  return result.targets.map((target) => {
    const own = samples(target.of, target.figure);
    const value = target.to === undefined ? summarize(own)?.median : ratio(own, samples(target.to, target.figure));
    return value === undefined ? { target } : { target, value, met: value <= target.atMost };
  });
}
