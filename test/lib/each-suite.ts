import { describe } from "node:test";
import { chosenSuites, type Suite } from "./suites.ts";

/** Defines the same tests for the hosts of every suite (or of the one that RKT_SUITE names). */
export function forEachSuite(define: (suite: Suite) => void): void {
  for (const suite of chosenSuites()) describe(suite, () => define(suite));
}

/** For the oldest of them alone, where it takes long and the others run the same code: RKT_SUITE names another one. */
export function forOneSuite(define: (suite: Suite) => void): void {
  for (const suite of chosenSuites().slice(0, 1)) describe(suite, () => define(suite));
}
