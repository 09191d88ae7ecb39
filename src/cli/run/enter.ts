import { randomBytes } from "node:crypto";
import { resolveUser } from "../../apply/users.ts";
import type { RootfsView } from "../../apply/rootfs-view.ts";
import { viewRootfs } from "../../apply/rootfs-view.ts";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineNameOf } from "../../base/id.ts";
import { readMainProcess } from "../../pod/control-groups.ts";
import { findGuest } from "../../pod/guests.ts";
import { labelOf, readPodGeneration } from "../../pod/pod.ts";
import type { RuntimeApp } from "../../spec/appc.ts";
import { enterUnitName } from "../../systemd/enter-names.ts";
import type { EnterRequest } from "../../systemd/enter-request.ts";
import { runInPod } from "../../systemd/enter.ts";
import type { Context } from "../context.ts";
import { enterGuest } from "../enter-guest.ts";
import { enterProcess } from "../enter-process.ts";
import { enterStreams } from "../enter-streams.ts";
import type { OptionValues } from "../options.ts";
import { dirsOf } from "../pod-view.ts";
import { chooseApp, findLeader, type RunningPod, viewRunning } from "../running-pod.ts";

export async function run(context: Context, [name = "", ...command]: readonly string[], options: OptionValues): Promise<number> {
  const view = viewRunning(context, name, "enter");
  const { app } = chooseApp(view, options.text("app"), "enter");
  const rootfs = runningRootfs(context, view, app);
  const argv = chooseCommand(context, rootfs, command);
  const main = readMainProcess(context.host, dirsOf(context), view.pod.uuid);
  if (main !== undefined) {
    const user = options.text("user");
    const ids = user === undefined ? undefined : numbersOf(rootfs, app, user);
    const { generation } = view.started;
    return enterProcess(context, {
      spec: `${view.pod.directory}/gen/${generation}/stage1/spec`,
      pid: main.pid,
      argv,
      ...(ids === undefined ? {} : { ids }),
    });
  }
  const wanted = { ...requestOf(app, rootfs, options.text("user")), argv };
  const guest = findGuest(context.host, dirsOf(context), view.pod.uuid);
  if (guest !== undefined) return enterGuest(context, { ...guest, label: labelOf(view.pod), request: wanted });
  const leader = await findLeader(context, view, "enter");
  const request = { ...wanted, leader };
  return await enterStreams(context, { machine: machineNameOf(view.pod.uuid), request }, (complete: EnterRequest) =>
    runInPod(context.host, complete),
  );
}

/** What the app sees as its root: its writable layer over the image's trees. */
function runningRootfs(context: Context, view: RunningPod, app: RuntimeApp): RootfsView {
  const record = readPodGeneration(context.host, view.pod, view.started.generation);
  const layers = record.appLayers[app.name] ?? record.layers;
  return viewRootfs(context.host, [`${view.pod.directory}/rw/${app.name}/upper`, ...layers]);
}

function chooseCommand(context: Context, rootfs: RootfsView, command: readonly string[]): readonly string[] {
  if (command.length > 0) return command;
  const shell = ["/bin/bash", "/bin/sh"].find((path) => rootfs.stat(path)?.type === "file");
  if (shell === undefined)
    throw new RktError("enter-no-command", "Cannot enter the app: no command was given, and its image has no shell", {
      hint: "Name a program of the image",
    });
  context.stderr.write(`enter: no command specified, assuming "${shell}"\n`);
  return [shell];
}

function requestOf(app: RuntimeApp, rootfs: RootfsView, user: string | undefined) {
  const own = {
    user: app.app?.user ?? "0",
    group: app.app?.group ?? "0",
    supplementaryGroups: (app.app?.supplementaryGIDs ?? []).map(String),
  };
  const chosen = user === undefined ? own : numbersOf(rootfs, app, user);
  return {
    unit: enterUnitName(app.name, randomBytes(8).toString("hex")),
    appUnit: `${app.name}.service`,
    environment: [] as readonly string[],
    searchPath: searchPathOf(app),
    workingDirectory: app.app?.workingDirectory ?? "/",
    ...chosen,
  };
}

/** A program's name is looked up where the app itself looks. */
function searchPathOf(app: RuntimeApp): string[] {
  const path = app.app?.environment?.find((variable) => variable.name === "PATH")?.value ?? "/bin:/usr/bin";
  return path.split(":").filter((directory) => directory.startsWith("/"));
}

/** With the groups that a user of that name has as an app's. The pod's own list of users has those of its images (systemd runs nothing as a number that it does not find there). */
function numbersOf(rootfs: RootfsView, app: RuntimeApp, user: string) {
  const resolved = resolveUser(rootfs, { user, group: undefined, supplementaryGroups: [] });
  if (resolved.name === undefined && ![0, Number(app.app?.user)].includes(resolved.uid)) {
    throw new RktError("app-user-unknown", `Cannot enter as user ${quoteText(user)}: the image's /etc/passwd does not have it`, {
      hint: "Choose root, the app's own user, or one that the image knows",
    });
  }
  return { user: String(resolved.uid), group: String(resolved.gid), supplementaryGroups: resolved.supplementaryGids.map(String) };
}
