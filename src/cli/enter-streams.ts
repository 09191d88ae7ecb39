import { openMachined } from "../../machined/machined.ts";
import { connectSystem } from "../systemd/connect.ts";
import type { EnterRequest } from "../systemd/enter-request.ts";
import type { UnitEnd } from "../systemd/enter-watch.ts";
import { holdTerminal } from "../systemd/pod-terminal.ts";
import type { Context } from "./context.ts";
import { forwardSignals } from "./forward-signals.ts";

export interface EnterSessionInput {
  /** Of the pod, in machined. */
  readonly machine: string;
  readonly request: Omit<EnterRequest, "stdio" | "terminal" | "onStart">;
}

type Runner = (request: EnterRequest) => Promise<UnitEnd>;

/**
 * Runs a command in a pod with this process's standard streams, and returns its exit status (128 + N for a signal). A stream that is a
 * terminal is never handed over, since whoever holds a terminal can type into it: the command gets a terminal of the pod, and bytes are relayed.
 */
export async function enterStreams(context: Context, { machine, request }: EnterSessionInput, run: Runner): Promise<number> {
  const { stdin, stdout, stderr } = context.isTerminal;
  const signals = forwardSignals();
  const follow: Runner = (complete) => run({ ...complete, onStart: signals.start });
  const end =
    stdin && stdout
      ? await withTerminal(context, { machine, request }, follow)
      : await withDescriptors(context, request, [stdin, stdout, stderr], follow);
  return end.code === "exited" ? end.status : 128 + end.status;
}

/** A terminal among the streams is passed through a pipe by `cat`, which only copies bytes. */
async function withDescriptors(
  context: Context,
  request: EnterSessionInput["request"],
  terminals: readonly [boolean, boolean, boolean],
  run: Runner,
): Promise<UnitEnd> {
  const { openPlainStreams } = await import("../host/plain-streams.ts");
  const streams = openPlainStreams(terminals, context.paths.runDir);
  try {
    return await run({ ...request, stdio: streams.stdio });
  } finally {
    await streams.close();
  }
}

async function withTerminal(context: Context, { machine, request }: EnterSessionInput, run: Runner): Promise<UnitEnd> {
  const bus = await connectSystem(context.host);
  try {
    const pty = await openMachined(bus).openPty(machine);
    const { relayTerminal } = await import("../host/terminal.ts");
    const held = holdTerminal(context.host, request.leader, pty.path);
    const relay = relayTerminal(pty.fd, held.resize);
    try {
      const term = context.host.env["TERM"] ?? "linux";
      const environment = [...request.environment, `TERM=${/^[A-Za-z0-9._+-]{1,64}$/.test(term) ? term : "linux"}`];
      return await run({ ...request, environment, terminal: pty.path, stdio: ["terminal", "terminal", "terminal"] });
    } finally {
      held.close();
      await relay.close();
    }
  } finally {
    bus.close();
  }
}
