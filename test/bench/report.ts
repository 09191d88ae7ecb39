import { execFileSync } from "node:child_process";
import { cpus, release } from "node:os";
import type { CgroupMove } from "./favordynmods.ts";
import type { Result } from "./result.ts";
import { judge, summarize } from "./statistics.ts";

/** The JSON of a run; README.md describes its shape. */
export function composeReport(results: readonly Result[], moves: readonly CgroupMove[], date: Date): string {
  const report = {
    version: 1,
    date: date.toISOString(),
    commit: readCommit(),
    machine: { kernel: release(), cpus: cpus().length, cpu: cpus()[0]?.model ?? "" },
    cgroupMoves: moves,
    results: results.map(describeResult),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function describeResult(result: Result): unknown {
  const { targets: _, rows, ...rest } = result;
  return {
    ...rest,
    rows: rows.map(({ samples, ...row }) => ({
      ...row,
      figures: Object.fromEntries(Object.entries(samples).map(([key, list]) => [key, { ...summarize(list), samples: list }])),
    })),
    targets: judge(result).map(({ target, ...found }) => ({ ...target, ...found })),
  };
}

/** Empty outside of a clone. */
function readCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "";
  }
}
