import type { RktError } from "../base/error.ts";
import type { AcName, PodName } from "../base/id.ts";
import type { UnitEntry } from "../unit/unit-file.ts";
import { checkDeclaration } from "./check-declaration.ts";
import { declareApp } from "./declare-app.ts";
import { declarePod } from "./declare-pod.ts";
import { declareSocket } from "./declare-socket.ts";
import type { PodDeclaration, Warning } from "./declaration.ts";
import { checkDirective } from "./directive-values.ts";
import { attempt, problemAt, type Report, sortProblems } from "./report.ts";
import { mergeSections, type Section } from "./sections.ts";
import { findSurprises } from "./surprises.ts";

/** A `.pod` file or a drop-in. */
export interface DeclarationFile {
  readonly path: string;
  readonly text: string;
}

/** What reading gave: a declaration, or problems in the order of the files' lines. */
export interface ReadDeclaration {
  readonly declaration?: PodDeclaration;
  readonly problems: readonly RktError[];
  readonly warnings: readonly Warning[];
}

/** Reads a `.pod` file with its drop-ins (first the file, then the drop-ins in order). Throws the first problem. */
export function parseDeclaration(name: PodName, files: readonly DeclarationFile[]): PodDeclaration {
  const { declaration, problems } = readDeclarationText(name, files);
  if (problems[0] !== undefined) throw problems[0];
  if (declaration === undefined) throw problemAt({ path: files[0]?.path ?? name, line: 1 }, "The file declares no pod");
  return declaration;
}

/** As `parseDeclaration`, but reads on after a problem and returns all. */
export function readDeclarationText(name: PodName, files: readonly DeclarationFile[]): ReadDeclaration {
  const report: Report = { problems: [], warnings: [] };
  const sections = mergeSections(files, report);
  const paths = files.map((file) => file.path);
  const declaration = assemble(name, paths, sections, report);
  const problems = [...report.problems, ...(declaration === undefined ? [] : checkDeclaration(declaration))];
  const warnings = [...report.warnings, ...(declaration === undefined ? [] : findSurprises(declaration))];
  const sorted = sortProblems(problems, paths);
  if (declaration === undefined || sorted.length > 0) return { problems: sorted, warnings };
  return { declaration: { ...declaration, warnings }, problems: [], warnings };
}

/** A declaration of what could be read, so that the checks across sections tell what they can; undefined without any app. */
function assemble(name: PodName, paths: readonly string[], sections: readonly Section[], report: Report): PodDeclaration | undefined {
  const only = (kind: Section["kind"]): Section | undefined => sections.find((section) => section.kind === kind);
  const pod = declarePod(only("Pod"), report);
  const appSections = sections.filter((section) => section.kind === "App");
  const apps = appSections.flatMap((section) => declareApp(section, report) ?? []);
  if (appSections.length === 0 && report.problems.length === 0) {
    report.problems.push(
      problemAt({ path: paths[0] ?? name, line: 1 }, "The pod has no app", `Write a section "[App NAME]" with "Image="`),
    );
  }
  const names = appSections.map((section) => section.argument as AcName);
  const sockets = sections.filter((section) => section.kind === "Socket").flatMap((section) => declareSocket(section, names, report) ?? []);
  if (apps.length < appSections.length || apps.length === 0) return undefined;
  const service = only("Service")?.entries ?? [];
  for (const entry of service) attempt(report, entry, () => checkDirective(entry.key, entry.value));
  return {
    name,
    paths,
    // systemd reads StartLimit*= in [Unit] only; in [Service] the newer of them would be skipped.
    unit: [...(only("Unit")?.entries ?? []), ...service.filter(isStartLimit)].map(toUnitEntry),
    install: (only("Install")?.entries ?? []).map(toUnitEntry),
    service: service.filter((entry) => !isStartLimit(entry)).map(toUnitEntry),
    pod,
    apps,
    sockets,
    warnings: [],
  };
}

function isStartLimit(entry: { readonly key: string }): boolean {
  return entry.key.startsWith("StartLimit");
}

function toUnitEntry({ key, value, line, path }: { key: string; value: string; line: number; path: string }): UnitEntry {
  return { key, value, line, path };
}
