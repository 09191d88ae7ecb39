/** npm run bench [-- OPTION…]: what pods cost, against the peers, in throw-away hosts. README.md says what is measured. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Arena, openArena } from "./arena.ts";
import { type CgroupMove, isFavoured, probeMoves, QUICK_MOVE_MS, withFavordynmods } from "./favordynmods.ts";
import { groups } from "./group/index.ts";
import type { Findings, Group } from "./group.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { drawPicture } from "./picture.ts";
import { composeReport } from "./report.ts";
import type { Mode, Result } from "./result.ts";
import { formatNumber, formatResult } from "./table.ts";

interface Run {
  readonly options: Options;
  readonly arenas: readonly Arena[];
  readonly results: Result[];
  readonly moves: CgroupMove[];
}

async function main(): Promise<void> {
  const options = parseOptions(
    process.argv.slice(2),
    groups.map(({ key }) => key),
  );
  const arenas: Arena[] = [];
  const run: Run = { options, arenas, results: [], moves: [] };
  try {
    for (const suite of options.suites) arenas.push(await openArena(suite));
    await measureAll(run);
  } finally {
    for (const { host } of arenas) await host.end();
  }
}

/** All that needs the mount as it is comes first: what the option switches on may stay on. */
async function measureAll(run: Run): Promise<void> {
  const chosen = groups.filter(({ key }) => run.options.only?.includes(key) ?? true);
  const both = chosen.filter(({ bothModes }) => bothModes === true);
  const mode: Mode = isFavoured() ? "favordynmods" : "as mounted";
  if (both.length > 0) await probe(run, mode);
  await measureGroups(run, chosen, mode);
  if (mode === "favordynmods" || !run.options.favordynmods || both.length === 0) return;
  try {
    await withFavordynmods(async () => {
      await probe(run, "favordynmods");
      await measureGroups(run, both, "favordynmods");
    });
  } catch (error) {
    say(`With favordynmods: not available: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

async function probe(run: Run, mode: Mode): Promise<void> {
  const move = await probeMoves(mode);
  run.moves.push(move);
  say(
    `cgroups ${mode}: one process moved into a cgroup in ${formatNumber(move.median)} ms (${formatNumber(move.least)}..${formatNumber(move.most)})\n`,
  );
  if (mode === "as mounted" && move.median < QUICK_MOVE_MS)
    say(
      '  This machine has had favordynmods since it was booted, which the kernel does not take back: figures "as mounted" have it too.\n',
    );
}

async function measureGroups(run: Run, chosen: readonly Group[], mode: Mode): Promise<void> {
  for (const group of chosen) {
    for (const arena of run.arenas) {
      const { suite, systemd } = arena;
      const { key, title, figures, base, targets } = group;
      const { rows, notes = [] } = await measureOne(arena, group, run.options.rounds);
      const result: Result = { suite, systemd, mode, group: key, title, figures, base, rows, targets, notes };
      run.results.push(result);
      say(`\n${formatResult(result)}\n`);
      keep(run);
    }
  }
}

/** One group that breaks does not cost the figures of the others; the exit status tells. */
async function measureOne(arena: Arena, group: Group, rounds: number): Promise<Findings> {
  try {
    return await group.measure(arena, rounds);
  } catch (error) {
    process.exitCode = 1;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench: (${group.key}) on ${arena.suite}: ${message}\n`);
    return { rows: [{ key: group.base, title: "all", samples: {}, absent: message.split("\n").slice(0, 3).join("; ") }] };
  }
}

/** After each group: what a run of an hour has found is not lost with its end. */
function keep({ options, results, moves }: Run): void {
  for (const path of [options.json, options.picture]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(options.json, composeReport(results, moves, new Date()));
  writeFileSync(options.picture, drawPicture(results));
}

function say(text: string): void {
  process.stdout.write(text);
}

if (process.argv.includes("--help")) say(USAGE);
else await main();
