import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { AppDeclaration } from "../spec/declaration.ts";
import type { Variable } from "./environment.ts";

const maxBytes = 1 << 20;

/** Reads the files of EnvironmentFile= (systemd.exec(5)), later ones over earlier ones. `-` in front forgives a missing file. */
export function readEnvironmentFiles(host: Host, app: AppDeclaration): Variable[] {
  return app.environmentFiles.flatMap((file) => {
    const where = `${file.origin.path}:${file.origin.line}: Cannot read environment file ${quoteText(file.path)}`;
    const stat = host.files.tryStat(file.path);
    if (stat === undefined && file.optional) return [];
    if (stat === undefined)
      throw new RktError("environment-file-missing", `${where}: it does not exist`, { hint: `"-" in front of the path forgives that` });
    if (stat.type !== "file" || stat.size > maxBytes)
      throw new RktError("environment-file-invalid", `${where}: it is no file of at most 1 MiB`);
    return parseEnvironmentFile(host.files.readText(file.path), where);
  });
}

/** The syntax of systemd's environment files: comments, quotes, a backslash at the end of a line joins it with the next. */
export function parseEnvironmentFile(text: string, where: string): Variable[] {
  const variables: Variable[] = [];
  const lines = text.replaceAll(/\\\r?\n/g, "").split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const match = /^([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line);
    if (match === null) throw new RktError("environment-file-invalid", `${where}: entry ${index + 1} is not NAME=VALUE`);
    const value = unquoteValue((match[2] ?? "").trim());
    if (/[\0\n]/.test(value))
      throw new RktError("environment-file-invalid", `${where}: the value of ${quoteText(match[1] ?? "")} does not fit one line`);
    variables.push({ name: match[1] ?? "", value });
  }
  return variables;
}

/** Quotes may stand anywhere in a value, as in a shell; inside double quotes and outside quotes a backslash takes the next character as it is. */
function unquoteValue(text: string): string {
  let value = "";
  let quote = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === "\\" && quote !== "'") {
      index += 1;
      value += text.charAt(index);
    } else if (quote === "" && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = "";
    else value += character;
  }
  return value;
}
