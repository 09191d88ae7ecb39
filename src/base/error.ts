/** What every refusal of rkt is made of: reported once, by the door that ends the process. */
export interface RktErrorOptions {
  /** What the user can do about it: one sentence without period, shown on a line of its own. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Exit status of the process that reports it. The original's: 254 for every error of rkt itself. */
  readonly exitCode?: number;
}

/**
 * The one error class. `code` is stable and kebab-case ("store-no-image"); `message` starts with a capital,
 * names the action that failed first, quotes names, has no period: `Cannot start pod "9f2c…": the store has no image "x"`.
 */
export class RktError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: string, message: string, options: RktErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "RktError";
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 254;
  }
}

/** The `code` of a Node system error ("ENOENT"), or undefined. */
export function errno(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
