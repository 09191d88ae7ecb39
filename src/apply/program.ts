import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { RootfsView } from "./rootfs-view.ts";

interface ProgramPlaces {
  readonly workingDirectory: string;
  readonly path?: string;
}

/**
 * Absolute path inside the image of the program that an app or an event handler names: absolute as it is, with a slash
 * relative to the working directory, else looked up in PATH (the working directory, /bin and /usr/bin where the image
 * sets none), as the original. It must exist and be executable; links are resolved inside the image.
 * `hint` says where the program is named.
 */
export function resolveProgram(view: RootfsView, program: string, options: ProgramPlaces & { readonly hint?: string }): string {
  const candidates = candidatesOf(program, options);
  for (const candidate of candidates) {
    const stat = view.stat(candidate);
    if (stat?.type === "file" && (stat.mode & 0o111) !== 0) return candidate;
  }
  const first = candidates[0] ?? program;
  const found = view.stat(first);
  if (candidates.length === 1 && found !== undefined) {
    throw new RktError("app-program-not-executable", `program ${quoteText(program)} is not an executable file of the image`);
  }
  throw new RktError("app-program-missing", `the image has no program ${quoteText(program)}`, {
    hint:
      candidates.length > 1
        ? `Looked in ${candidates.map((candidate) => candidate.slice(0, candidate.lastIndexOf("/")) || "/").join(", ")}`
        : (options.hint ?? "Check Exec="),
  });
}

function candidatesOf(program: string, options: ProgramPlaces): string[] {
  if (program.startsWith("/")) return [program];
  const base = options.workingDirectory === "/" ? "" : options.workingDirectory;
  if (program.includes("/")) return [`${base}/${program}`];
  const places =
    options.path === undefined
      ? [options.workingDirectory, "/bin", "/usr/bin"]
      : options.path.split(":").filter((place) => place.startsWith("/"));
  return places.map((place) => `${place === "/" ? "" : place}/${program}`);
}
