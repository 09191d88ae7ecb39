import type { CommandDeclaration } from "../declaration.ts";
import { fetchCommand } from "./fetch.ts";

/** The original's hidden alias of `rkt fetch`. */
export const imageFetchCommand: CommandDeclaration = { ...fetchCommand, hidden: true };
