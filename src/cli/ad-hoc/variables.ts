import { parseEnvironmentFile } from "../../apply/environment-file.ts";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import { parseEnvironmentPair } from "../../spec/values.ts";
import type { RequestedPod, Variable } from "./request.ts";

export interface VariableSources {
  readonly host: Pick<Host, "files" | "env">;
}

interface Wanted {
  readonly inherit: boolean;
  readonly files: readonly string[];
  readonly pairs: readonly string[];
}

const largestFile = 1 << 20;

/** Files are read now: what is prepared does not change with them. Errors: `environment-file-invalid`, `value-invalid`. */
export function readVariables(
  { host }: VariableSources,
  { inherit, files, pairs }: Wanted,
): Pick<RequestedPod, "inherited" | "environment"> {
  return {
    inherited: inherit
      ? Object.entries(host.env).flatMap(([name, value]) => (isPlain(name, value) ? [{ name, value: value ?? "" }] : []))
      : [],
    environment: [...files.flatMap((path) => readFile(host, path)), ...pairs.map(parseEnvironmentPair)],
  };
}

function isPlain(name: string, value: string | undefined): boolean {
  return value !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !name.startsWith("RKT_PLAN") && name !== "NOTIFY_SOCKET";
}

function readFile(host: VariableSources["host"], path: string): Variable[] {
  const where = `Cannot read environment file ${quoteText(path)}`;
  const stat = host.files.tryStat(path);
  if (stat === undefined) throw new RktError("environment-file-missing", `${where}: it does not exist`);
  if (stat.type !== "file" || stat.size > largestFile)
    throw new RktError("environment-file-invalid", `${where}: it is no file of at most 1 MiB`);
  const variables = parseEnvironmentFile(host.files.readText(path), where);
  const twice = variables.find((item, index) => variables.findIndex((other) => other.name === item.name) < index);
  if (twice !== undefined) throw new RktError("environment-file-invalid", `${where}: it sets ${quoteText(twice.name)} twice`);
  return variables;
}
