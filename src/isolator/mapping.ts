import type { ParsedIsolator } from "../spec/isolators.ts";
import type { EntryInput } from "../unit/unit-file.ts";

type IsolatorName = ParsedIsolator["name"];

/** One family of isolators as lines for [Service] of an app's unit. */
export interface IsolatorMapping {
  /** The isolators it reads; at most one of them stands in an app. */
  readonly names: readonly IsolatorName[];
  /** `isolator` is one of `names`, or undefined where the app has none: then what holds by default. */
  directives(isolator: ParsedIsolator | undefined): readonly EntryInput[];
}
