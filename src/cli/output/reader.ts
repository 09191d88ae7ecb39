import { errno, RktError } from "../../base/error.ts";
import type { Output } from "../context.ts";

/**
 * An output whose reader may leave (`rkt list | head -1`), which is no failure of ours. For a command that only prints nothing is left to
 * be done then: `write` throws what `isReaderGone` knows. Any other one goes on, and nothing more is said.
 */
export function heedReader(output: Output, { onlyPrints = false }: { readonly onlyPrints?: boolean } = {}): Output {
  return {
    get rows() {
      return output.rows;
    },
    get columns() {
      return output.columns;
    },
    write: (text) => {
      try {
        output.write(text);
      } catch (error) {
        if (errno(error) !== "EPIPE") throw error;
        if (onlyPrints) throw new RktError("reader-gone", "Cannot print: nobody reads it", { cause: error });
      }
    },
  };
}

export function isReaderGone(error: unknown): boolean {
  return error instanceof RktError && error.code === "reader-gone";
}
