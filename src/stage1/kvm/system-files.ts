import type { Host } from "../../host/host.ts";
import { RktError } from "../../base/error.ts";

/** What a guest's /usr has, and that of an image of stage1: systemd, its journal, and what our units execute. The first one there of each list. */
export const systemPrograms: readonly (readonly string[])[] = [
  ...["systemd", "systemd-journald", "systemd-shutdown"].map((name) => [`/usr/lib/systemd/${name}`]),
  ...[
    "cat",
    "chmod",
    "cp",
    "head",
    "ln",
    "ls",
    "mkdir",
    "mkfifo",
    "mount",
    "rm",
    "sh",
    "sleep",
    "stty",
    "tee",
    "tr",
    "true",
    "tty",
    "umount",
  ].map((name) => [`/usr/bin/${name}`]),
  ...["journalctl", "systemctl", "systemd-notify", "setsid", "setpriv"].map((name) => [`/usr/bin/${name}`]),
  ["/usr/bin/ip", "/usr/sbin/ip"],
];

/** Where the host has them. */
export const optionalPrograms = ["/usr/lib/systemd/systemd-executor", "/usr/bin/dtach"];

/** Libraries that systemd looks for when it needs them; the loader does not name them. */
const loaded =
  /^lib(acl|apparmor|audit|bpf|crypt|gcrypt|gpg-error|kmod|lz4|lzma|mount|blkid|pcre2-8|seccomp|selinux|zstd|cap|cap-ng|crypto)\.so\.\d+$/;

export interface SystemFile {
  /** Below /usr, without it. */
  readonly path: string;
  readonly source: { readonly file: string } | { readonly target: string };
}

/** Programs and the libraries that they need, each at its place, with the links that lead to it; of the host, or of a distribution's tree. */
export function listSystemFiles(host: Host, root = ""): SystemFile[] {
  const exists = (path: string): boolean => host.files.exists(`${root}${path}`);
  const chosen = [...systemPrograms.map((names) => firstOf(names, exists, root)), ...optionalPrograms.filter(exists)].map(
    (path) => `${root}${path}`,
  );
  const libraries = loaderPaths(host, root, chosen);
  const directories = new Set(libraries.map((path) => host.files.realPath(path.slice(0, path.lastIndexOf("/")))));
  const extra = [...directories].flatMap((directory) =>
    host.files
      .tryList(directory)
      .filter((name) => loaded.test(name))
      .map((name) => `${directory}/${name}`),
  );
  const all = [...chosen, ...libraries, ...extra, ...loaderPaths(host, root, extra)];
  return [...new Map(all.flatMap((path) => filesOf(host, root, path)).map((file) => [file.path, file])).values()].toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}

function firstOf(names: readonly string[], exists: (path: string) => boolean, root: string): string {
  const path = names.find(exists);
  if (path !== undefined) return path;
  if (root !== "") throw new RktError("guest-program-missing", `Cannot make an image of stage1: ${root} has no ${names[0]}`);
  throw new RktError("guest-program-missing", `Cannot make a virtual machine: the host has no ${names[0]}, which its guest needs`);
}

/** What the loader maps for these programs. That of a tree is asked itself, and looks into no other. */
function loaderPaths(host: Host, root: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const output =
    root === ""
      ? host.programs.run(["ldd", ...paths], { check: false }).stdout.toString()
      : paths.map((path) => host.programs.run([...loaderOf(host, root), path], { check: false }).stdout.toString()).join("\n");
  // A loader that is asked itself names the path where programs look for it, and behind that its own.
  const found = [...output.matchAll(/(?:=> |^\s+)(\/\S+) (?=\(0x|=> )/gm)].map((match) => match[1] as string);
  return [...new Set(found.map((path) => (path.startsWith(`${root}/`) ? path : `${root}${path}`)))];
}

function loaderOf(host: Host, root: string): string[] {
  const libraries = host.files.tryList(`${root}/usr/lib`).filter((name) => name.endsWith("-linux-gnu"));
  const directories = [...libraries.map((name) => `${root}/usr/lib/${name}`), `${root}/usr/lib64`, `${root}/usr/lib`];
  const loader = directories
    .flatMap((directory) => host.files.tryList(directory).map((name) => `${directory}/${name}`))
    .find((path) => /\/ld-linux-[^/]+\.so\.[0-9]+$/.test(path));
  if (loader === undefined) throw new RktError("guest-program-missing", `Cannot make an image of stage1: ${root} has no dynamic loader`);
  const searched = directories.flatMap((directory) => [directory, `${directory}/systemd`]);
  return [loader, "--inhibit-cache", "--library-path", searched.join(":"), "--list"];
}

/** The file itself, and the links on the way to it, as far as its last name is concerned. */
function filesOf(host: Host, root: string, path: string): SystemFile[] {
  const here = placeOf(host, path);
  const below = belowUsr(root, here);
  const target = followLinks(host, root, here);
  if (target === here) return [{ path: below, source: { file: here } }];
  const up = "../".repeat(below.split("/").length - 1);
  return [
    { path: below, source: { target: `${up}${belowUsr(root, target)}` } },
    { path: belowUsr(root, target), source: { file: target } },
  ];
}

/** Of a name, without links in what leads to it. */
function placeOf(host: Host, path: string): string {
  const cut = path.lastIndexOf("/");
  return `${host.files.realPath(path.slice(0, cut))}${path.slice(cut)}`;
}

/** What a link leads to, within its tree. */
function followLinks(host: Host, root: string, place: string): string {
  if (host.files.tryLstat(place)?.type !== "symlink") return place;
  const target = host.files.readLink(place);
  const next = target.startsWith("/") ? `${root}${target}` : `${place.slice(0, place.lastIndexOf("/"))}/${target}`;
  return followLinks(host, root, placeOf(host, next));
}

function belowUsr(root: string, path: string): string {
  if (path.startsWith(`${root}/usr/`)) return path.slice(`${root}/usr/`.length);
  throw new RktError("usr-not-merged", `Cannot take the system's files: ${path} is not below ${root}/usr`);
}
