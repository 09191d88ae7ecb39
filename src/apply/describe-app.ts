import { posix } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { AppDescription } from "../pod/engine.ts";
import { assertFilters, knownCalls } from "./system-calls.ts";
import type { AppSection, ImageManifest, Isolator } from "../spec/appc.ts";
import type { AppDeclaration } from "../spec/declaration.ts";
import type { RenderedImage } from "../image/render.ts";
import { composeEnvironment } from "./environment.ts";
import { readEnvironmentFiles } from "./environment-file.ts";
import { type PodVolumes, resolveMounts } from "./mounts.ts";
import { resolveProgram } from "./program.ts";
import { findProgramFault } from "./program-fault.ts";
import type { RootfsView } from "./rootfs-view.ts";
import { viewRootfs } from "./rootfs-view.ts";
import type { ResolvedUser } from "./users.ts";
import { listKnownIds, resolveUser } from "./users.ts";

const defaultStopUsec = 10_000_000;

/** Resolves one app inside its image. Errors name the file and line of the app's section. */
export function describeApp(host: Host, app: AppDeclaration, rendered: RenderedImage, volumes: PodVolumes): AppDescription {
  const section = appSectionOf(rendered.image.manifest, app);
  const view = viewRootfs(host, rendered.layers);
  const user = inApp(app, () => resolveUser(view, { ...wantedUser(app, section), fromDocker: isFromDocker(rendered.image.manifest) }));
  const environment = composeEnvironment(app.name, user, [section.environment ?? [], app.environment, readEnvironmentFiles(host, app)]);
  // systemd takes no path with ".." in it.
  const workingDirectory = posix.normalize(app.workingDirectory ?? section.workingDirectory ?? "/");
  const mounts = resolveMounts(app, section.mountPoints ?? [], volumes, view);
  const isolators = mergeIsolators(section.isolators ?? [], app.isolators);
  inApp(app, () => assertFilters(isolators, () => knownCalls(host)));
  const program = (argv: readonly string[]) =>
    inApp(app, () => withProgram(view, argv, { workingDirectory, path: pathOf(environment), hint: programHint(app) }));
  return {
    name: app.name,
    image: { id: rendered.image.id, name: rendered.image.name },
    layers: rendered.layers,
    ...rootDirectoryOf(view),
    ...describeProgram(host, view, { argv: program(commandOf(app, section)), mounts }),
    ...handlersOf(section, program),
    ...idsOf(user, section),
    ...listKnownIds(view),
    workingDirectory,
    environment,
    mounts,
    readOnlyRootFS: app.readOnlyRootFS ?? false,
    provided: (["/etc/hosts", "/etc/resolv.conf"] as const).filter((path) => view.stat(path) === undefined),
    ...(app.credentials.length === 0 ? {} : { credentials: app.credentials }),
    isolators,
    ...runtimeOf(app, rendered.image.manifest, view),
  };
}

function describeProgram(
  host: Host,
  view: RootfsView,
  { argv, mounts }: { readonly argv: readonly string[]; readonly mounts: AppDescription["mounts"] },
): Pick<AppDescription, "exec" | "fault"> {
  const fault = findProgramFault(
    host,
    view,
    argv[0] ?? "",
    mounts.map(({ path }) => path),
  );
  return { exec: argv, ...(fault === undefined ? {} : { fault }) };
}

/** The image's app section; an image without one needs Exec=. */
export function appSectionOf(manifest: ImageManifest, app: AppDeclaration): AppSection {
  if (manifest.app !== undefined) return manifest.app;
  if (app.exec === undefined) {
    throw new RktError("app-no-exec", `${whereOf(app)}: image ${quoteText(manifest.name)} says nothing about what to run`, {
      hint: execHint(app),
    });
  }
  return { exec: [], user: "0", group: "0" };
}

function rootDirectoryOf(view: RootfsView): Pick<AppDescription, "rootDirectory"> {
  const stat = view.stat("/");
  if (stat === undefined) return {};
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
  return mode === "0755" && stat.uid === 0 && stat.gid === 0 ? {} : { rootDirectory: { mode, uid: stat.uid, gid: stat.gid } };
}

function runtimeOf(app: AppDeclaration, manifest: ImageManifest, view: RootfsView) {
  return {
    notify: app.notify === "image" ? supportsNotify(manifest) : app.notify === "yes",
    ...(app.watchdogUsec === undefined ? {} : { watchdogUsec: app.watchdogUsec }),
    output: app.output === "auto" ? (opensStandardFiles(view) ? "pipe" : "journal") : app.output,
    ...(app.streams === undefined ? {} : { streams: app.streams }),
    after: app.after,
    requires: app.requires,
    restart: app.restart,
    ...(app.restartUsec === undefined ? {} : { restartUsec: app.restartUsec }),
    stopSignal: app.stopSignal ?? "SIGTERM",
    stopTimeoutUsec: app.stopTimeoutUsec ?? defaultStopUsec,
    ...(app.reloadSignal === undefined ? {} : { reloadSignal: app.reloadSignal }),
    directives: app.directives.map((entry) => [entry.key, entry.value] as const),
  } as const;
}

function supportsNotify(manifest: ImageManifest): boolean {
  return (manifest.annotations ?? []).some((item) => item.name === "appc.io/executor/supports-systemd-notify" && item.value === "true");
}

/** Log files of the image that lead to /dev/stdout or /dev/stderr: such programs open them, which a socket refuses (ENXIO). */
function opensStandardFiles(view: RootfsView): boolean {
  const logs = view.resolve("/var/log");
  const below = view.list(logs).map((name) => `${logs}/${name}`);
  const files = below.flatMap((path) =>
    view.locate(path)?.stat.type === "directory" ? view.list(path).map((name) => `${path}/${name}`) : [path],
  );
  return files.some(
    (path) => view.locate(path)?.stat.type === "symlink" && /^\/(dev\/std(out|err)|proc\/self\/fd\/[12])$/.test(view.resolve(path)),
  );
}

function commandOf(app: AppDeclaration, section: AppSection): readonly string[] {
  const base = app.exec ?? section.exec;
  const [program] = base;
  if (program === undefined) throw new RktError("app-no-exec", `${whereOf(app)}: the image names no program`, { hint: execHint(app) });
  return app.args === undefined ? base : [program, ...(app.exec === undefined ? app.args : [...base.slice(1), ...app.args])];
}

function withProgram(view: RootfsView, argv: readonly string[], options: Parameters<typeof resolveProgram>[2]): string[] {
  const [program = "", ...args] = argv;
  return [resolveProgram(view, program, options), ...args];
}

function handlersOf(section: AppSection, program: (argv: readonly string[]) => string[]) {
  const find = (name: string) => section.eventHandlers?.find((candidate) => candidate.name === name)?.exec;
  const preStart = find("pre-start");
  const postStop = find("post-stop");
  return {
    ...(preStart === undefined ? {} : { preStart: program(preStart) }),
    ...(postStop === undefined ? {} : { postStop: program(postStop) }),
  };
}

function wantedUser(app: AppDeclaration, section: AppSection) {
  return {
    user: app.user ?? section.user,
    group: app.group ?? (app.user === undefined ? section.group : undefined),
    supplementaryGroups: app.supplementaryGroups,
  };
}

/** docker2aci's images; the original knew them by the same annotation. */
export function isFromDocker({ annotations = [] }: ImageManifest): boolean {
  return annotations.some(({ name }) => name === "appc.io/docker/repository");
}

function idsOf(user: ResolvedUser, section: AppSection) {
  return {
    uid: user.uid,
    gid: user.gid,
    supplementaryGids: [...new Set([...(section.supplementaryGIDs ?? []), ...user.supplementaryGids])],
  };
}

/** An isolator of the declaration replaces the image's of the same name, and one capability or seccomp set replaces the other. */
function mergeIsolators(image: readonly Isolator[], declared: readonly Isolator[]): Isolator[] {
  const families = new Set(declared.map((isolator) => familyOf(isolator.name)));
  return [...image.filter((isolator) => !families.has(familyOf(isolator.name))), ...declared];
}

function familyOf(name: string): string {
  return name.replace(/-(retain|remove)-set$/, "");
}

function pathOf(environment: readonly { readonly name: string; readonly value: string }[]): string {
  return environment.find((variable) => variable.name === "PATH")?.value ?? "/bin:/usr/bin";
}

/** What a command line declares stands in no file. */
function isTyped(app: AppDeclaration): boolean {
  return app.origin.path === "";
}

function programHint(app: AppDeclaration): string {
  return isTyped(app) ? "Check --exec, or what the image or the pod manifest says" : "Check Exec=";
}

function execHint(app: AppDeclaration): string {
  return isTyped(app) ? "Say it with --exec" : "Say it with Exec=";
}

function whereOf(app: AppDeclaration): string {
  return `${app.origin.path}:${app.origin.line}: Cannot run app ${quoteText(app.name)}`;
}

function inApp<Result>(app: AppDeclaration, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    throw new RktError(error.code, `${whereOf(app)}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
