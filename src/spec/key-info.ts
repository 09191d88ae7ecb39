/** One key of a `.pod` file: how repeated assignments merge, and what rkt.pod(5) says. */
export interface KeyInfo {
  readonly key: string;
  /** Repeated assignments add, an empty one resets; otherwise the last assignment wins. */
  readonly list: boolean;
  /** Value as shown in the manual. */
  readonly value: string;
  readonly text: string;
  readonly example: string;
}
