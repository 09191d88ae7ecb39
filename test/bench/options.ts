import { join } from "node:path";
import { parseSuite, type Suite, SUITES } from "../lib/suites.ts";

export interface Options {
  readonly suites: readonly Suite[];
  /** Letters of groups; all without. */
  readonly only?: readonly string[];
  readonly rounds: number;
  readonly json: string;
  readonly picture: string;
  readonly favordynmods: boolean;
}

export const USAGE = `Usage: npm run bench -- [OPTION…]
  --suite=NAME[,NAME]  Debian suites to measure on (${SUITES.join(",")})
  --only=LETTER[,…]    groups to measure (all)
  --rounds=N           samples of each figure (15)
  --json=FILE          where the figures go (.build/bench/bench.json)
  --picture=FILE       where the picture goes (.build/bench/bench.svg)
  --no-favordynmods    leave this machine's cgroup mount alone
`;

const OUTPUT = join(import.meta.dirname, "../../.build/bench");

export function parseOptions(argv: readonly string[], groups: readonly string[]): Options {
  let options: Options = {
    suites: SUITES,
    rounds: 15,
    json: join(OUTPUT, "bench.json"),
    picture: join(OUTPUT, "bench.svg"),
    favordynmods: true,
  };
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [name = "", ...rest] = word.split("=");
    const value = rest.length > 0 ? rest.join("=") : name === "--no-favordynmods" ? "" : words.shift();
    if (value === undefined) throw new Error(`Cannot understand option "${word}"\n${USAGE}`);
    options = { ...options, ...parseOption(name, value, groups) };
  }
  return options;
}

function parseOption(name: string, value: string, groups: readonly string[]): Partial<Options> {
  if (name === "--suite") return { suites: value.split(",").map(parseSuite) };
  if (name === "--json") return { json: value };
  if (name === "--picture") return { picture: value };
  if (name === "--no-favordynmods") return { favordynmods: false };
  if (name === "--rounds" && /^[1-9]\d{0,3}$/.test(value)) return { rounds: Number(value) };
  if (name === "--only" && value.split(",").every((letter) => groups.includes(letter))) return { only: value.split(",") };
  throw new Error(`Cannot understand option "${name}=${value}"\n${USAGE}`);
}
