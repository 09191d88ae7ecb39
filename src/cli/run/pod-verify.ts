import { errorsOf, readDeclaration } from "../../apply/apply-pods.ts";
import type { DeclarationSource } from "../../config/load-declarations.ts";
import { readDeclarationFile } from "../../config/load-declarations.ts";
import type { Context } from "../context.ts";
import { declarationsOf } from "../declarations.ts";
import { reportProblems, reportWarnings } from "../problems.ts";

export async function run(context: Context, args: readonly string[]): Promise<number> {
  const files = args.filter((arg) => arg.includes("/") || arg.endsWith(".pod"));
  const names = args.filter((arg) => !files.includes(arg));
  const found = names.length === 0 && files.length > 0 ? { declarations: [], problems: [] } : declarationsOf(context, names);
  reportProblems(
    context,
    found.problems.map((problem) => problem.error),
  );
  const good = [
    ...found.declarations.map((source) => verify(context, () => source)),
    ...files.map((path) => verify(context, () => readDeclarationFile(context.host, path))),
  ];
  return found.problems.length === 0 && good.every(Boolean) ? 0 : 254;
}

function verify(context: Context, read: () => DeclarationSource): boolean {
  try {
    const declaration = readDeclaration(read());
    reportWarnings(context, declaration.warnings);
    context.stdout.write(`${declaration.name}: ok\n`);
    return true;
  } catch (error) {
    reportProblems(context, errorsOf(error));
    return false;
  }
}
