/** Nodes of a circle in the graph, in order, or undefined. Edges to unknown nodes are ignored. */
export function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const node of edges.keys()) {
    const cycle = follow(node, [], edges, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function follow(
  node: string,
  path: readonly string[],
  edges: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): string[] | undefined {
  const start = path.indexOf(node);
  if (start !== -1) return path.slice(start);
  if (done.has(node)) return undefined;
  for (const next of edges.get(node) ?? []) {
    const cycle = edges.has(next) ? follow(next, [...path, node], edges, done) : undefined;
    if (cycle !== undefined) return cycle;
  }
  done.add(node);
  return undefined;
}
