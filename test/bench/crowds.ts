import { applyPlainPods, type Arena } from "./arena.ts";
import type { Samples } from "./driver.ts";
import { composePodman, writeUnit } from "./peers.ts";
import type { Row } from "./result.ts";

/** Whose pods are started together, and how many. */
export const CROWDS: readonly (readonly ["rkt" | "podman", number])[] = [
  ["rkt", 1],
  ["rkt", 16],
  ["rkt", 100],
  ["podman", 1],
  ["podman", 16],
];

/** Units `TEMPLATE@many1` and so on; their apps write their stamps to /srv/out/many1 and so on. */
export const TEMPLATES = { rkt: "rkt-pod", podman: "bench-podman" } as const;

export async function prepareCrowds(arena: Arena): Promise<void> {
  const names = Array.from({ length: 100 }, (_, index) => `many${index + 1}`);
  await applyPlainPods(arena.host, Object.fromEntries(names.map((name) => [name, `/stamp /out/${name}`])));
  await writeUnit(arena.host, "bench-podman@", composePodman(arena, "%p-%i", "/stamp /out/%i"));
  await arena.host.sh("systemctl daemon-reload");
}

export function crowdRows({ podman }: Arena, samples: Samples, crowds = CROWDS): readonly Row[] {
  const title = { rkt: "rkt", podman: podman.title };
  return crowds.map(([who, count]) => {
    const key = `${who}${count}`;
    return { key, title: `${count} × ${title[who]}`, samples: samples.get(key) ?? {} };
  });
}
