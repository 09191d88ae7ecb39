import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { RootfsView } from "./rootfs-view.ts";

export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementaryGids: readonly number[];
  /** From the image's /etc/passwd, where the user stands there. */
  readonly name?: string;
  readonly home?: string;
  readonly shell?: string;
}

export interface WantedUser {
  readonly user: string;
  /** undefined: the user's primary group in the image's /etc/passwd, else the user's number. */
  readonly group: string | undefined;
  readonly supplementaryGroups: readonly string[];
  /** Made by docker2aci, which writes the user as group, too: there need not be one of that name. */
  readonly fromDocker?: boolean;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/**
 * User and group of an app as numbers. A value is "root", a number (the number itself, as the original: no look-up),
 * a path of the image (its owner), or a name of the image's /etc/passwd or /etc/group. Throws `app-user-unknown`,
 * `app-group-unknown`, without the words that name the app: the caller puts them in front.
 */
export function resolveUser(view: RootfsView, wanted: WantedUser): ResolvedUser {
  const users = readPasswd(view);
  const groups = readGroups(view);
  const uid = resolveOne(
    wanted.user,
    (name) => users.find((entry) => entry.name === name)?.uid,
    (path) => view.stat(path)?.uid,
    "user",
  );
  const entry = users.find((candidate) => candidate.uid === uid);
  const known = wanted.group !== undefined && wanted.group === wanted.user && wanted.fromDocker === true && !groups.has(wanted.group);
  const group = known || wanted.group === undefined ? String(entry?.gid ?? uid) : wanted.group;
  const gid = resolveOne(
    group,
    (name) => groups.get(name)?.gid,
    (path) => view.stat(path)?.gid,
    "group",
  );
  const named = wanted.supplementaryGroups.map((group) =>
    resolveOne(
      group,
      (name) => groups.get(name)?.gid,
      () => undefined,
      "group",
    ),
  );
  // As systemd: a user who is named has the groups that name the user (a number has none, as with the original).
  const member =
    entry?.name === wanted.user && wanted.user !== "root"
      ? [...groups.values()].filter(({ members }) => members.includes(wanted.user))
      : [];
  const supplementaryGids = [...new Set([...named, ...member.map((other) => other.gid)])].filter((id) => id !== gid || named.includes(id));
  if (entry === undefined) return { uid, gid, supplementaryGids };
  return { uid, gid, supplementaryGids, name: entry.name, home: entry.home, shell: entry.shell };
}

/** Numbers of everybody whom the image knows. */
export function listKnownIds(view: RootfsView): { readonly knownUids: readonly number[]; readonly knownGids: readonly number[] } {
  const users = readPasswd(view);
  const usable = (ids: readonly number[]): number[] =>
    [...new Set(ids)].filter((id) => id < 0xfffffffe && id !== 65535).toSorted((a, b) => a - b);
  return {
    knownUids: usable(users.map((user) => user.uid)),
    knownGids: usable([...[...readGroups(view).values()].map((group) => group.gid), ...users.map((user) => user.gid)]),
  };
}

function resolveOne(
  value: string,
  byName: (name: string) => number | undefined,
  byPath: (path: string) => number | undefined,
  kind: "user" | "group",
): number {
  if (value === "root") return 0;
  if (/^[0-9]+$/.test(value)) return parseId(value, kind);
  const id = value.startsWith("/") ? byPath(value) : byName(value);
  if (id !== undefined) return id;
  const place = value.startsWith("/")
    ? "the image has no such path"
    : `the image's /etc/${kind === "user" ? "passwd" : "group"} does not have it`;
  throw new RktError(`app-${kind}-unknown`, `${kind} ${quoteText(value)} is not known: ${place}`, {
    hint: "Use a number, or a name that the image knows",
  });
}

function parseId(text: string, kind: string): number {
  const id = Number(text);
  // 65535 and 4294967295 are "no id" to the kernel and to systemd (systemd.exec(5)).
  if (id > 0xfffffffe || id === 65535) throw new RktError(`app-${kind}-unknown`, `${kind} ${quoteText(text)} is no usable number`);
  return id;
}

function readPasswd(view: RootfsView): PasswdEntry[] {
  const lines = (view.readText("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  return lines.flatMap(([name, , uid, gid, , home, shell]) =>
    name !== undefined && /^[0-9]+$/.test(uid ?? "") && /^[0-9]+$/.test(gid ?? "")
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home ?? "", shell: shell ?? "" }]
      : [],
  );
}

interface Group {
  readonly gid: number;
  readonly members: readonly string[];
}

function readGroups(view: RootfsView): Map<string, Group> {
  const lines = (view.readText("/etc/group") ?? "").split("\n").map((line) => line.split(":"));
  return new Map(
    lines.flatMap(([name, , gid, members = ""]) =>
      name !== undefined && /^[0-9]+$/.test(gid ?? "") ? [[name, { gid: Number(gid), members: members.split(",") }] as const] : [],
    ),
  );
}
