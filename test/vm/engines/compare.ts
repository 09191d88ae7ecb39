import { differences } from "../../../packaging/man/engine-differences.ts";

/** What an app saw: key → value, a line of probe.c each. */
export type AppView = ReadonlyMap<string, string>;

/** From lines of `rkt logs`; `names` are replaced by what they stand for, so that two pods can be equal. */
export function readView(log: string, names: Readonly<Record<string, string>>): AppView {
  const lines = log.split("\n").flatMap((line) => / main\[\d+\]: (.*)$/.exec(line)?.[1] ?? []);
  const replaced = lines.map((line) => Object.entries(names).reduce((text, [name, meaning]) => text.replaceAll(name, meaning), line));
  // The journal takes blanks away at the end of a line. Each run has a boot id of its own, unless it has the host's; status tells no
  // address of IPv6.
  return new Map(
    replaced
      .map((line) => line.replace(/^(machine boot id\t)[0-9a-f-]+$/, "$1OWN").replace(/fd72:6b74:1c::[0-9a-f]+/g, "ADDRESS6"))
      .map((line) => [line.replace(/\t.*/, ""), line.replace(/^[^\t]*\t?/, "")]),
  );
}

/** Keys with another value than under nspawn, as `KEY: NSPAWN'S | THIS ONE'S`. */
export function compareViews(base: AppView, other: AppView): Map<string, string> {
  const keys = [...new Set([...base.keys(), ...other.keys()])].filter((key) => base.get(key) !== other.get(key)).toSorted();
  return new Map(keys.map((key) => [key, `${key}: ${base.get(key) ?? "-"} | ${other.get(key) ?? "-"}`]));
}

/** Lines that no listed difference explains, and listed ones that are none any more. */
export function checkDifferences(engine: "kvm" | "fly", found: ReadonlyMap<string, string>): { unlisted: string[]; gone: string[] } {
  const listed = differences.filter((difference) => difference.engine === engine);
  return {
    unlisted: [...found].filter(([key]) => !listed.some(({ keys }) => keys.test(key))).map(([, line]) => line),
    gone: listed.filter(({ keys }) => ![...found.keys()].some((key) => keys.test(key))).map(({ text }) => text),
  };
}
