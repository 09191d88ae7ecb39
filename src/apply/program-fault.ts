import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import { interpreterOf, machineOf } from "./elf.ts";
import type { RootfsView } from "./rootfs-view.ts";

/** Enough for the headers of an ELF file and the name of its interpreter. */
const headBytes = 64 << 10;

/** As long as the kernel reads the first line of a script (BINPRM_BUF_SIZE). */
const scriptBytes = 256;

/** How often a script's interpreter may be a script. */
const maxScripts = 4;

/**
 * Why the kernel will refuse to execute a program of the image (execve(2)), as far as the image tells; undefined where nothing speaks
 * against it. What lies below a mount of the app's is not looked at. `program` is absolute and exists.
 */
export function findProgramFault(host: Host, view: RootfsView, program: string, mounts: readonly string[]): string | undefined {
  const judge = (path: string, depth: number): string | undefined => {
    if (isBelow(path, mounts)) return undefined;
    const head = view.readHead(path, headBytes);
    if (head === undefined) return undefined;
    const script = interpreterOfScript(head);
    if (script !== undefined)
      return (
        judgeInterpreter(script, path, "the interpreter in its first line") ?? (depth < maxScripts ? judge(script, depth + 1) : undefined)
      );
    const machine = machineOf(head);
    if (machine === undefined) {
      if (hasHandlers(host)) return undefined;
      return `${quoteText(path)} is neither a program (ELF) nor a script that begins with "#!"`;
    }
    if (!machine.runsHere && !hasHandlers(host))
      return `${quoteText(path)} is a program for ${machine.name}, not for this machine (${machine.here})`;
    const loader = interpreterOf(head);
    return loader === undefined ? undefined : judgeInterpreter(loader, path, "its dynamic loader");
  };
  const judgeInterpreter = (interpreter: string, path: string, what: string): string | undefined => {
    if (!interpreter.startsWith("/") || isBelow(interpreter, mounts)) return undefined;
    const stat = view.stat(interpreter);
    if (stat === undefined) return `${quoteText(path)} needs ${quoteText(interpreter)}, ${what}, which the image does not have`;
    if (stat.type !== "file" || (stat.mode & 0o111) === 0)
      return `${quoteText(path)} needs ${quoteText(interpreter)}, ${what}, which is not an executable file`;
    return undefined;
  };
  return judge(program, 0);
}

function interpreterOfScript(head: Buffer): string | undefined {
  if (head.toString("latin1", 0, 2) !== "#!") return undefined;
  const [line = ""] = head.toString("utf8", 2, scriptBytes).split("\n");
  // The kernel's strings end at a NUL.
  const [interpreter] = line.trimStart().split(/[ \t\0]/);
  return interpreter === "" ? undefined : interpreter;
}

/** The host may run programs of other kinds and machines by interpreters of its own (binfmt_misc). */
function hasHandlers(host: Host): boolean {
  return host.files.tryList("/proc/sys/fs/binfmt_misc").some((name) => name !== "register" && name !== "status");
}

function isBelow(path: string, mounts: readonly string[]): boolean {
  return mounts.some((mount) => mount === "/" || path === mount || path.startsWith(`${mount}/`));
}
