import type { RktError } from "../base/error.ts";
import { parseImageReference } from "./image-reference.ts";
import type { AppDeclaration, Origin, PodDeclaration } from "./declaration.ts";
import { parseStage1 } from "./stage1-name.ts";
import { networkNames } from "./network.ts";
import { problemAt, sortProblems } from "./report.ts";

/** Settings that are read but that this build cannot run: one sentence each, none is ignored. */
export function refuseUnsupported(declaration: PodDeclaration): readonly RktError[] {
  const { pod, apps } = declaration;
  const top: Origin = { path: declaration.paths[0] ?? declaration.name, line: 1 };
  const problems = [...refuseStage1(pod, top), ...refuseNet(pod, top)];
  return sortProblems([...problems, ...apps.flatMap(refuseApp)], declaration.paths);
}

function refuseStage1(pod: PodDeclaration["pod"], top: Origin): RktError[] {
  if (["nspawn", "fly", "kvm", "kvm:qemu", "kvm:lkvm"].includes(pod.stage1) || parseStage1(pod.stage1).kind === "image") return [];
  return [
    problemAt(
      pod.stage1Origin ?? top,
      `Cannot use "Stage1=${pod.stage1}": this build runs pods under nspawn, kvm and fly only`,
      `Write "Stage1=nspawn" or leave the key out; an image is named as in "coreos.com/rkt/stage1-coreos" or "sha512-…"`,
    ),
  ];
}

function refuseNet(pod: PodDeclaration["pod"], top: Origin): RktError[] {
  const index = pod.net.findIndex((name) => !networkNames.includes(name));
  const unknown = pod.net[index];
  if (unknown === undefined) return [];
  const known = networkNames.includes(unknown.split(":")[0] ?? "");
  const reason = known ? "the built-in networks take no arguments" : `networks not found: "${unknown.split(":")[0]}"`;
  const hint = `This build knows ${networkNames.join(", ")}; networks of CNI are not there yet`;
  return [problemAt(pod.netOrigins[index] ?? pod.netOrigin ?? top, `Cannot use "Net=${unknown}": ${reason}`, hint)];
}

function refuseApp(app: AppDeclaration): RktError[] {
  const problems: RktError[] = [];
  if (parseImageReference(app.image).kind === "oci") {
    problems.push(
      problemAt(
        app.imageOrigin,
        `Cannot use "Image=${app.image}": this build reads ACI images only`,
        "Write an image name, a path, a URL or a hash",
      ),
    );
  }
  if (app.securityOrigin !== undefined) {
    const key = app.appArmorProfile === undefined ? "SELinuxContext" : "AppArmorProfile";
    problems.push(problemAt(app.securityOrigin, `Cannot use "${key}=": this build sets no AppArmor or SELinux label yet`));
  }
  return problems;
}
