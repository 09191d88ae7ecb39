import { basename } from "node:path";
import type { ListedKey } from "../../trust/keystore.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { styleOf, toneOf } from "../output/style.ts";
import { formatTable } from "../output/table.ts";
import { openTrustedKeys } from "../trusted-keys.ts";

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const format = parseFormat(options.text("format"));
  const keys = await openTrustedKeys(context).list();
  const now = context.host.clock.now();
  if (format !== "text") {
    context.stdout.write(
      formatJson(
        keys.map((key) => toJson(key, now)),
        format,
      ),
    );
    return 0;
  }
  const rows = keys.map((key) => [
    basename(key.path),
    key.prefix ?? "(all images)",
    { text: stateOf(key, now), tone: toneOf(stateOf(key, now)) },
    key.key?.identities[0] ?? "-",
    key.path,
  ]);
  context.stdout.write(
    formatTable(rows, {
      header: ["FINGERPRINT", "PREFIX", "STATE", "IDENTITY", "FILE"],
      legend: !options.flag("no-legend"),
      style: styleOf(context),
    }),
  );
  for (const { problem } of keys) if (problem !== undefined) context.stderr.write(`${problem}\n`);
  return 0;
}

/** One word on whether signatures by this key are believed. */
function stateOf({ masked, problem, key }: ListedKey, now: number): string {
  if (masked) return "masked";
  if (problem !== undefined || key === undefined) return "refused";
  if (key.revoked) return "revoked";
  if (key.expires !== undefined && key.expires <= now) return "expired";
  return key.weakness === undefined ? "trusted" : "weak";
}

function toJson(listed: ListedKey, now: number): unknown {
  const { key } = listed;
  return {
    fingerprint: basename(listed.path),
    prefix: listed.prefix,
    path: listed.path,
    state: stateOf(listed, now),
    problem: listed.problem,
    algorithm: key?.algorithm,
    created_at: key === undefined ? undefined : Math.floor(key.created / 1000),
    expires_at: key?.expires === undefined ? undefined : Math.floor(key.expires / 1000),
    identities: key?.identities,
  };
}
