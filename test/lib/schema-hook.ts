import type { Result } from "./run.ts";
import { checkRkt, schemaOf } from "./schema.ts";

/** What makes more of a line than one command whose output is the script's. */
const COMPOSED = /[;|&<>()`\n]/;

/**
 * Checks the JSON that a command of a host printed, where the command is rkt, in front of it whatever runs it as another user
 * (`setpriv … rkt list --format=json`, `su member -c 'rkt list --format=json'`), or a shell script that is one such command.
 * A script of which the output could be rkt's JSON and something else is an error: nothing escapes unseen.
 */
export function checkOutput(argv: readonly string[], result: Pick<Result, "status" | "stdout">): void {
  const words = rktWords(argv);
  if (words !== undefined) return checkRkt(words, result);
  for (const script of argv.filter((word) => /\brkt\b/.test(word) && /\s/.test(word))) checkScript(script, result);
}

function checkScript(script: string, result: Pick<Result, "status" | "stdout">): void {
  const text = script.trim().replace(/^su \w+ -c '([^']*)'$/, "$1");
  const words = rktWords(text.split(/\s+/).map((word) => word.replace(/^(['"])(.*)\1$/, "$2")));
  if (words === undefined || COMPOSED.test(text)) return refuseUnseen(text);
  checkRkt(words, result);
}

/** JSON in the middle of a longer script cannot be told from the rest of its output. What goes to a file is no output. */
function refuseUnseen(script: string): void {
  for (const command of script.split(/[;|&()`\n]+/)) {
    const words = rktWords(command.trim().split(/\s+/));
    if (words === undefined || schemaOf(words) === undefined || /(^|\s)1?>/.test(command)) continue;
    throw new Error(`Call "rkt ${words.join(" ")}" on its own (host.run, or a script of one command), so that its JSON is validated`);
  }
}

/** What follows the word rkt, where it is a command of its own and not the name of a user or group before it. */
function rktWords(argv: readonly string[]): readonly string[] | undefined {
  const index = argv.findIndex((word) => word === "rkt" || word === "/usr/bin/rkt");
  return index === -1 ? undefined : argv.slice(index + 1);
}
