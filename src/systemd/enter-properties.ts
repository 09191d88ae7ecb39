import type { Variant } from "../dbus/value.ts";
import type { EnterRequest, EnterStream } from "./enter-request.ts";
import { descriptorProperty, execProperty, flagProperty, listProperty, textProperty, type UnitProperties } from "./properties.ts";

/** What the unit is, apart from the app's limits, which its drop-ins bring. */
export function enterProperties(request: EnterRequest): UnitProperties {
  return [
    textProperty("Description", `Entered ${request.appUnit}`),
    // the pod has no sysinit.target to wait for
    flagProperty("DefaultDependencies", false),
    // started means executed: a program that is missing is a failed start
    textProperty("Type", "exec"),
    // nothing stays when it has ended
    textProperty("CollectMode", "inactive-or-failed"),
    execProperty("ExecStart", request.argv),
    listProperty("ExecSearchPath", request.searchPath),
    // shells and pipes expect the default
    flagProperty("IgnoreSIGPIPE", false),
    // an interactive shell ignores SIGTERM
    flagProperty("SendSIGHUP", true),
    textProperty("User", request.user),
    textProperty("Group", request.group),
    listProperty("SupplementaryGroups", request.supplementaryGroups),
    textProperty("WorkingDirectory", request.workingDirectory),
    listProperty("Environment", request.environment),
    ...(request.terminal === undefined ? [] : terminalProperties(request.terminal)),
    streamProperty("StandardInput", request.stdio[0]),
    streamProperty("StandardOutput", request.stdio[1]),
    streamProperty("StandardError", request.stdio[2]),
  ];
}

function terminalProperties(path: string): UnitProperties {
  return [textProperty("TTYPath", path), flagProperty("TTYVHangup", false), flagProperty("TTYReset", false)];
}

function streamProperty(name: string, stream: EnterStream): readonly [string, Variant] {
  return stream === "terminal" ? textProperty(name, "tty") : descriptorProperty(`${name}FileDescriptor`, stream);
}
