import assert from "node:assert/strict";
import { test } from "node:test";
import { implicitVolumes, resolveMounts } from "../../src/apply/mounts.ts";
import type { RootfsView } from "../../src/apply/rootfs-view.ts";
import { parseAcName, parsePodName } from "../../src/base/id.ts";
import type { VolumeDescription } from "../../src/pod/engine.ts";
import type { MountPoint } from "../../src/spec/appc.ts";
import type { AppDeclaration, DeclaredVolume } from "../../src/spec/declaration.ts";
import { parseDeclaration } from "../../src/spec/parse-declaration.ts";

const point = (name: string): MountPoint => ({ name: parseAcName(name), path: `/srv/${name}` });

/** `/link` leads to /proc, everything else to itself. */
const view = { resolve: (path: string) => path.replace(/^\/link/, "/proc") } as RootfsView;

function declare(text: string): { apps: readonly AppDeclaration[]; volumes: readonly DeclaredVolume[] } {
  const { apps, pod } = parseDeclaration(parsePodName("x"), [{ path: "x.pod", text }]);
  return { apps, volumes: pod.volumes };
}

const describe = (volumes: readonly DeclaredVolume[]): VolumeDescription[] =>
  volumes.map(({ name, kind }) => ({
    name,
    kind,
    type: "directory",
    readOnly: false,
    recursive: true,
    idmap: false,
    mode: "0755",
    uid: 0,
    gid: 0,
  }));

function resolve(text: string, points: readonly (readonly MountPoint[])[]) {
  const { apps, volumes } = declare(text);
  const implicit = apps.flatMap((app, index) => implicitVolumes(app, points[index] ?? [], volumes));
  const all = describe([...volumes, ...implicit]);
  const named = new Set<string>(volumes.map(({ name }) => name));
  return apps.map((app, index) => resolveMounts(app, points[index] ?? [], { volumes: all, named }, view));
}

const app = (name: string, more = ""): string => `[App ${name}]\nImage=example.com/${name}\n${more}`;

test("a mount point gets the volume of its name, else an empty one of its own", () => {
  const mounts = resolve(`[Pod]\nVolume=data,kind=state\n${app("etcd")}`, [[point("data"), point("logs")]]);
  assert.deepEqual(mounts, [
    [
      { volume: "data", path: "/srv/data", readOnly: false },
      { volume: "etcd-logs", path: "/srv/logs", readOnly: false },
    ],
  ]);
});

test("an empty volume never takes the name of a declared one", () => {
  const text = `[Pod]\nVolume=etcd-data,kind=state\n${app("etcd")}`;
  const message = /^x\.pod:3: Cannot give mount point "data" of app "etcd" an empty volume .*: the pod declares a volume "etcd-data"$/;
  assert.throws(() => resolve(text, [[point("data")]]), { code: "volume-implicit", message });
  const mounted = resolve(`${text}Mount=volume=etcd-data,target=/srv/data\n`, [[point("data")]]);
  assert.deepEqual(mounted, [[{ volume: "etcd-data", path: "/srv/data", readOnly: false }]]);
});

test("two apps' empty volumes never have one name", () => {
  const message = /^x\.pod:1: Cannot give mount point "b-c" of app "a" .*: that of another app would be "a-b-c" too$/;
  assert.throws(() => resolve(`${app("a")}${app("a-b")}`, [[point("b-c")], [point("c")]]), { code: "volume-implicit", message });
});

test("a mount point never gets the empty volume of another app", () => {
  const mounts = resolve(`${app("a")}${app("x")}`, [[point("b")], [point("a-b")]]);
  assert.deepEqual(
    mounts.map(([mount]) => mount?.volume),
    ["a-b", "x-a-b"],
  );
});

test("a target that nothing can be mounted at is refused at its line, also behind a link of the image", () => {
  const text = `[Pod]\nVolume=v,kind=empty\n${app("a", "Mount=volume=v,target=/link/x\n")}`;
  const message = `x.pod:5: Cannot mount volume "v" of app "a" at "/proc/x": nothing can be mounted there`;
  assert.throws(() => resolve(text, [[]]), { code: "mount-target", message });
  const own = { name: parseAcName("p"), path: "/link" };
  assert.throws(() => resolve(app("a"), [[own]]), {
    code: "mount-target",
    message: /^x\.pod:1: Cannot mount volume "a-p" of app "a" at "\/proc"/,
  });
});
