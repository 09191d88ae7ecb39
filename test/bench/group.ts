import type { Arena } from "./arena.ts";
import type { Figure, Row, Target } from "./result.ts";

export interface Findings {
  readonly rows: readonly Row[];
  readonly notes?: readonly string[];
}

/** One question that the bench answers. */
export interface Group {
  /** Its letter in `--only=`. */
  readonly key: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly base: string;
  readonly targets: readonly Target[];
  /** Depends on how this machine's cgroups are mounted: measured both ways. */
  readonly bothModes?: true;
  /** May be called more than once in an arena. */
  measure(arena: Arena, rounds: number): Promise<Findings>;
}
