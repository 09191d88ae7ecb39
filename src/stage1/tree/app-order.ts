import type { AppDescription } from "../../pod/engine.ts";

/**
 * The apps that `app` starts after: those it names, else the nearest one before it in the file that does not wait for it.
 * Stops go the other way round.
 */
export function appsBefore(apps: readonly AppDescription[], app: AppDescription): readonly AppDescription[] {
  const named = namedBefore(apps, app);
  if (named.length > 0) return named;
  const previous = apps.slice(0, apps.indexOf(app)).findLast((candidate) => !waitsFor(apps, candidate, app));
  return previous === undefined ? [] : [previous];
}

function namedBefore(apps: readonly AppDescription[], app: AppDescription): readonly AppDescription[] {
  return apps.filter((other) => app.after.includes(other.name) || app.requires.includes(other.name));
}

/** By names alone: those hold no cycle (it is refused when the pod file is read), and the order of the file adds none. */
function waitsFor(apps: readonly AppDescription[], app: AppDescription, other: AppDescription): boolean {
  return namedBefore(apps, app).some((next) => next === other || waitsFor(apps, next, other));
}
