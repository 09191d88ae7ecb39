import { resolve } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { hasConfig } from "../config/config-levels.ts";
import { overridePaths, type Paths } from "../config/paths.ts";
import type { Host } from "../host/host.ts";
import { flushEvents } from "../journal/events.ts";
import type { Engine } from "../pod/engine.ts";
import { rootCommand } from "./command/index.ts";
import type { Context, Output } from "./context.ts";
import type { CommandDeclaration } from "./declaration.ts";
import { explainAccess } from "./explain-access.ts";
import { globalOptions, helpOption } from "./global-options.ts";
import { parseInsecureOptions } from "./insecure.ts";
import type { OptionValues } from "./options.ts";
import type { ParsedWords } from "./parse.ts";
import { heedReader, isReaderGone } from "./output/reader.ts";
import { reportError } from "./output/report.ts";
import { readOptions } from "./read-options.ts";
import { nameOf, resolveCommand } from "./resolve.ts";
import { takeGlobals } from "./take-globals.ts";
import { version } from "./version.ts";

/** What a door of src/bin gives: the process, and what only bin may import. */
export interface Door {
  createHost(): Promise<Host>;
  engines(host: Host): Promise<readonly Engine[]>;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly isTerminal: Context["isTerminal"];
  /** Becomes that program, or runs it to its end; returns the exit status for this process. */
  becomeProgram(argv: readonly string[]): Promise<number>;
}

/** Runs one command line and returns the exit status. Never throws: errors are reported, once. */
export async function runProgram(argv: readonly string[], door: Door): Promise<number> {
  const call: Call = { name: "rkt", debug: argv.includes("--debug") };
  try {
    return await runCommandLine(argv, door, call);
  } catch (error) {
    if (isReaderGone(error)) return 0;
    return reportError(explainAccess(error), { command: call.name, debug: call.debug, stderr: heedReader(door.stderr) });
  }
}

/** What an error report needs to know, as far as it is known. */
interface Call {
  name: string;
  debug: boolean;
}

async function runCommandLine(argv: readonly string[], door: Door, call: Call): Promise<number> {
  const { path, rest } = resolveCommand(rootCommand, argv);
  const command = path.at(-1) ?? rootCommand;
  if (path.length > 0) call.name = nameOf(path);
  if (command.run === undefined) return showGroup(path, rest, door);
  const words = await parseCommandWords(call.name, command, rest);
  const own = command.ownParser === true ? [] : (command.options ?? []);
  const options = readOptions([...own, ...globalOptions, helpOption], words.given);
  call.debug = options.flag("debug");
  if (options.flag("help")) return printHelp(path, door.stdout);
  const plans: (readonly string[])[] = [];
  const outputs = { stdout: heedReader(door.stdout, command), stderr: heedReader(door.stderr) };
  const context = await makeContext(door, options, { ...outputs, exec: (plan) => void plans.push(plan) });
  checkCaller(command, context);
  const { run } = await command.run();
  const status = await runAndFlush(context, () => run(context, words.args, options));
  const plan = plans.at(-1);
  return plan === undefined || status !== 0 ? status : door.becomeProgram(plan);
}

/** rkt's own events are a command's last act: output is written and locks are released by then, so a slow journal holds up nobody. */
async function runAndFlush(context: Context, action: () => Promise<number>): Promise<number> {
  try {
    return await action();
  } finally {
    await flushEvents(context.host);
  }
}

/** Without anything to parse commander, which costs as much as a whole small command, is not loaded. */
async function parseCommandWords(name: string, command: CommandDeclaration, rest: readonly string[]): Promise<ParsedWords> {
  if (command.ownParser === true) return takeGlobals(command.options ?? [], rest);
  const needsArgument = command.arguments?.some((argument) => argument.optional !== true) ?? false;
  if (rest.length === 0 && !needsArgument) return { args: [], given: new Map() };
  const { parseWords } = await import("./parse.ts");
  return parseWords(name, command, rest);
}

/** A group, or rkt alone: its help, which was either asked for or is the answer to a missing sub-command. */
async function showGroup(path: readonly CommandDeclaration[], rest: readonly string[], door: Door): Promise<number> {
  const asked = rest.some((word) => word === "-h" || /^--help(=true)?$/.test(word));
  const stray = rest.find((word) => word.startsWith("-") && !isGlobal(word));
  if (stray !== undefined && !asked) {
    throw new RktError("usage", `Cannot run rkt: there is no option ${JSON.stringify(stray)} before a command`, {
      exitCode: 2,
      hint: `See "rkt help"`,
    });
  }
  await printHelp(path, asked ? door.stdout : door.stderr);
  return asked ? 0 : 2;
}

function isGlobal(word: string): boolean {
  const [name] = word.replace(/^--/, "").split("=", 1);
  return word.startsWith("--") && globalOptions.some((option) => option.name === name);
}

async function printHelp(path: readonly CommandDeclaration[], output: Output): Promise<number> {
  const help = await import("./help.ts");
  heedReader(output).write(path.length === 0 ? help.formatRootHelp(rootCommand, version) : help.formatCommandHelp(path));
  return 0;
}

type Effects = Pick<Context, "stdout" | "stderr" | "exec">;

async function makeContext(door: Door, options: OptionValues, effects: Effects): Promise<Context> {
  const host = await door.createHost();
  // What is wrong with the configuration is said by commands that ask for it: not by help and version.
  const paths = await readPaths(host, options).catch((error: unknown) => ({ error }));
  return {
    host,
    get paths() {
      if ("error" in paths) throw paths.error;
      return paths;
    },
    version,
    get stdin() {
      return door.stdin;
    },
    ...effects,
    isTerminal: door.isTerminal,
    insecure: parseInsecureOptions(options.list("insecure-options")),
    debug: options.flag("debug"),
    engines: () => door.engines(host),
  };
}

/** Absolute, and without links: units and mounts made from them must not change their meaning later. */
async function readPaths(host: Host, options: OptionValues): Promise<Paths> {
  const pathOf = (name: string): string => {
    const path = resolve(options.text(name) ?? "");
    return options.given(name) && host.files.exists(path) ? host.files.realPath(path) : path;
  };
  const userConfig = options.given("user-config") ? { userConfig: pathOf("user-config") } : {};
  if (userConfig.userConfig !== undefined && !host.files.exists(userConfig.userConfig)) {
    throw new RktError("config-unreadable", `Cannot use --user-config=${quoteText(userConfig.userConfig)}: there is no such directory`);
  }
  const given = { dir: pathOf("dir"), localConfig: pathOf("local-config"), systemConfig: pathOf("system-config"), ...userConfig };
  const paths = overridePaths(given);
  if (!hasConfig(host, paths, "paths.d")) return paths;
  const { configureDataDirectory } = await import("../config/data-directory.ts");
  return configureDataDirectory(host, paths, options.given("dir"));
}

function checkCaller(command: CommandDeclaration, context: Context): void {
  if (command.root && context.host.uid !== 0) throw new RktError("not-root", "cannot run as unprivileged user");
  if (command.refusesInsecure !== true || context.insecure.size === 0) return;
  throw new RktError("insecure-refused", "Cannot use --insecure-options here: what is stored for later starts is always checked", {
    hint: "Trust the image's key with rkt trust",
  });
}
