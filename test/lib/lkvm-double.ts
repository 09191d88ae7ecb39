/**
 * Stands for kvmtool's lkvm where it cannot run: takes the same options, opens what they name, and dies as it does. It boots nothing: its
 * guest ends as DOUBLE_GUEST says ("reboot", "poweroff" or "panic"), and DOUBLE_TAPS are the taps that its user has.
 */
import { accessSync, constants, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync, writeSync } from "node:fs";

/** Of "lkvm run --help" (b48735e): "" takes no value. */
const OPTIONS: Readonly<Record<string, "" | "value">> = {
  ...{ name: "value", cpus: "value", mem: "value", disk: "value", balloon: "", vnc: "", gtk: "", sdl: "", rng: "", nodefaults: "" },
  ...{ "9p": "value", console: "value", vsock: "value", dev: "value", tty: "value", sandbox: "value", hugetlbfs: "value" },
  ...{ "virtio-legacy": "", "virtio-transport": "value", loglevel: "value", kernel: "value", initrd: "value", params: "value" },
  ...{ firmware: "value", flash: "value", network: "value", "no-dhcp": "", "vfio-pci": "value", debug: "" },
  ...{ "debug-single-step": "", "debug-ioport": "", "debug-mmio": "", "debug-iodelay": "value" },
};
const NETWORK = ["guest_mac", "mode", "script", "downscript", "guest_ip", "host_ip", "trans", "tapif", "vhost", "fd", "mq"];

const [command, ...words] = process.argv.slice(2);
if (command !== "run") end(22, "usage: lkvm COMMAND [ARGS]");
const given = parse(words);
checkOptions();
openSocket();
openFiles();
boot();

function parse(rest: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index] ?? "";
    const name = /^--(.+)$/.exec(word)?.[1];
    if (name === undefined) end(129, `  Error: Cannot handle parameter: ${word}`);
    const kind = OPTIONS[name];
    if (kind === undefined) end(129, `  Error: unknown option \`${name}'`);
    if (kind === "value" && index + 1 === rest.length) end(129, `  Error: option \`${name}' requires a value`);
    found.set(name, [...(found.get(name) ?? []), kind === "value" ? (rest[(index += 1)] ?? "") : ""]);
  }
  return found;
}

function all(name: string): readonly string[] {
  return given.get(name) ?? [];
}

function one(name: string): string {
  return all(name).at(-1) ?? "";
}

function checkOptions(): void {
  if (!/^[1-9]\d*[BKMGTP]?$/i.test(one("mem"))) die(`Invalid memory specifier: ${one("mem")}`);
  if (all("disk").length > 4) die("Currently only 4 images are supported");
  for (const network of all("network")) {
    const stranger = network.split(",").find((part) => !NETWORK.includes(part.split("=")[0] ?? ""));
    if (stranger !== undefined) die(`Unknown network parameter ${stranger.split("=")[0]}`);
  }
  for (const share of all("9p"))
    attempt(
      () => realpathSync(share.split(",")[0] ?? ""),
      () => die("Failed resolving 9p path"),
    );
}

/** Its name is taken there; a socket of lkvm's is a file here. */
function openSocket(): void {
  const directory = `${process.env["HOME"] ?? ""}/.lkvm`;
  const fail = (text: string): never => end(128, `${text}\n  Error: Failed adding socket to epoll\n  Warning: Failed init: kvm_ipc__init`);
  attempt(
    () => mkdirSync(directory, { recursive: false }),
    (error) => (error.code === "EEXIST" ? undefined : fail("bind: No such file or directory")),
  );
  const path = `${directory}/${one("name")}.sock`;
  attempt(
    () => writeFileSync(path, "", { flag: "wx" }),
    () => fail(`  Error: Guest socket file ${path} already exists.`),
  );
}

function openFiles(): void {
  for (const disk of all("disk")) {
    const [path = "", mode] = disk.split(",");
    const access = mode === "ro" ? constants.R_OK : constants.R_OK | constants.W_OK;
    attempt(
      () => (accessSync(path, access), statSync(path)),
      () =>
        end(128, `  Error: Loading disk image '${path}' failed\n  Warning: Failed init: disk_image__init\n  Fatal: Initialisation failed`),
    );
  }
  for (const what of ["kernel", "initrd"])
    attempt(
      () => readFileSync(one(what)),
      () => die(`Unable to open ${what} ${one(what)}`),
    );
  const cid = Number(one("vsock"));
  if (all("vsock").length > 0 && !(cid > 2 && cid < 2 ** 32 - 1)) end(1, "VHOST_VSOCK_SET_GUEST_CID failed: Invalid argument");
  const taps = (process.env["DOUBLE_TAPS"] ?? "").split(",");
  for (const network of all("network")) {
    const tap = /(?:^|,)tapif=([^,]+)/.exec(network)?.[1];
    if (tap !== undefined && !taps.includes(tap)) end(1, "  Warning: Config tap device error. Are you root?");
  }
}

function boot(): void {
  say(`  Info: # lkvm run -k ${one("kernel")} -m ${one("mem")} -c ${one("cpus")} --name ${one("name")}`);
  if (readFileSync(one("kernel")).toString("latin1", 0x202, 0x206) !== "HdrS") {
    say("  Warning: Kernel image is not a bzImage.\n  Warning: Trying to load it as a flat binary (no cmdline support)");
    spin();
    return;
  }
  const parameters = one("params").split(" ");
  // A guest that finds no PCI finds no disk, and panics.
  const ends = parameters.includes("pci=conf1") ? process.env["DOUBLE_GUEST"] : "panic";
  if (ends === "poweroff" || (ends === "panic" && !parameters.includes("panic=-1"))) spin();
  else end(0, "\n  Info: KVM session ended normally.");
}

/** For ever. */
function spin(): void {
  setInterval(() => undefined, 1000);
}

function attempt(act: () => unknown, failed: (error: NodeJS.ErrnoException) => unknown): void {
  try {
    act();
  } catch (error) {
    failed(error as NodeJS.ErrnoException);
  }
}

function die(text: string): never {
  return end(128, `  Fatal: ${text}`);
}

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

function end(status: number, text: string): never {
  say(text);
  process.exit(status);
}
