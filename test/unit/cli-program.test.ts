import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseInsecureOptions } from "../../src/cli/insecure.ts";
import type { CommandDeclaration } from "../../src/cli/declaration.ts";
import { globalOptions, helpOption } from "../../src/cli/global-options.ts";
import { readOptions } from "../../src/cli/read-options.ts";
import { parseWords } from "../../src/cli/parse.ts";
import { quoteForShell } from "../../src/cli/quote-for-shell.ts";
import { runRkt } from "../lib/program.ts";

const lines: readonly { readonly words: string; readonly status: number; readonly stdout?: RegExp; readonly stderr?: RegExp }[] = [
  { words: "version", status: 0, stdout: /^rkt Version: \d+\.\d+\.\d+\nappc Version: 0\.8\.11\n/ },
  { words: "ver", status: 0, stdout: /^rkt Version: / },
  { words: "--debug version", status: 0, stdout: /^rkt Version: / },
  { words: "version --debug=false", status: 0, stdout: /^rkt Version: / },
  { words: "", status: 2, stderr: /^NAME:\n\trkt - / },
  { words: "--help", status: 0, stdout: /^NAME:\n\trkt - / },
  { words: "pod", status: 2, stderr: /^NAME:\n\tpod - / },
  { words: "pod -h", status: 0, stdout: /^NAME:\n\tpod - / },
  { words: "po a --help", status: 0, stdout: /^NAME:\n\tpod apply - / },
  { words: "fetch --help", status: 0, stdout: /^NAME:\n\tfetch - / },
  { words: "help im l", status: 0, stdout: /^NAME:\n\timage list - / },
  { words: "help nothing", status: 2, stderr: /^help: Cannot run "nothing": there is no such command\n/ },
  { words: "help list more", status: 2, stderr: /^help: Cannot find help on "list more"/ },
  { words: "nothing", status: 2, stderr: /^rkt: Cannot run "nothing": there is no such command\n/ },
  { words: "pod nothing", status: 2, stderr: /^rkt: Cannot run "pod nothing": there is no such command\n/ },
  { words: "s", status: 2, stderr: /^rkt: Cannot run "s": it may mean "status", "stop"\n/ },
  { words: "app", status: 2, stderr: /^rkt: Cannot run "app": this release of rkt does not have it\n/ },
  { words: "run", status: 254, stderr: /^run: Cannot run without IMAGE\n {2}See "rkt help run"\n/ },
  { words: "run --help", status: 0, stdout: /^NAME:\n\trun - / },
  { words: "run --hostnam=x y", status: 254, stderr: /^run: Cannot read the command line: unknown option "--hostnam"\n.*"--hostname"/ },
  { words: "run --exec=/x y", status: 254, stderr: /^run: Cannot read the command line: --exec must follow an image\n/ },
  { words: "run --mds-register x", status: 254, stderr: /^run: Cannot use --mds-register: this release has no metadata service\n/ },
  { words: "prepare --net=host x", status: 254, stderr: /^prepare: Cannot read the command line: unknown option "--net"\n/ },
  { words: "fetch", status: 254, stderr: /^fetch: Cannot run without IMAGE\n {2}See "rkt help fetch"\n/ },
  { words: "version more", status: 254, stderr: /^version: Cannot read the command line: too many arguments/ },
  { words: "list --ful", status: 254, stderr: /^list: Cannot read the command line: unknown option "--ful"\n.*--full/ },
  { words: "list --full=perhaps", status: 254, stderr: /neither true nor false/ },
  {
    words: "list --format=xml",
    status: 254,
    stderr: /^list: Cannot use --format="xml": it is none of its values\n {2}It takes json, json-pretty\n/,
  },
  {
    words: "list --user-config=/no/such",
    status: 254,
    stderr: /^list: Cannot use --user-config="\/no\/such": there is no such directory\n/,
  },
  { words: "version --user-config=/no/such", status: 0, stdout: /^rkt Version: / },
  { words: "version --insecure-options=sky", status: 254, stderr: /^version: Cannot use --insecure-options="sky"/ },
  { words: "pod apply --insecure-options=image x", status: 254, stderr: /^pod apply: Cannot use --insecure-options here/ },
];

for (const { words, status, stdout, stderr } of lines) {
  test(`rkt ${words} exits ${status}`, async () => {
    const outcome = await runRkt(words.split(" ").filter((word) => word !== ""));
    assert.equal(outcome.status, status, outcome.stderr);
    assert.match(outcome.stdout, stdout ?? /^$/);
    assert.match(outcome.stderr, stderr ?? /^$/);
  });
}

test("a table is made for who reads it: tabs in a pipe, spaces on a terminal, colour only where it is wanted", async () => {
  const list = ["image", "list", "--dir=/nowhere"];
  assert.equal((await runRkt(list)).stdout, "ID\tNAME\tSIZE\tIMPORT TIME\tLAST USED\n");
  assert.equal((await runRkt(list, { terminal: { TERM: "dumb" } })).stdout, "ID  NAME  SIZE  IMPORT TIME  LAST USED\n");
  assert.ok((await runRkt(list, { terminal: { TERM: "xterm" } })).stdout.startsWith("\u001b[1mID\u001b[0m  "));
  assert.equal((await runRkt([...list, "--no-legend"], { terminal: { TERM: "xterm" } })).stdout, "");
});

test("help and JSON are the same everywhere", async () => {
  for (const words of [
    ["help", "list"],
    ["list", "--help"],
    ["image", "list", "--dir=/nowhere", "--format=json-pretty"],
  ]) {
    assert.deepEqual(await runRkt(words, { terminal: { TERM: "xterm" } }), await runRkt(words), words.join(" "));
  }
});

test("a command that needs root says so to anybody else", async () => {
  const outcome = await runRkt(["gc"], { uid: 1000 });
  assert.deepEqual(outcome, { status: 254, stdout: "", stderr: "gc: cannot run as unprivileged user\n" });
});

test("a command that only prints is done when nobody reads on", async () => {
  for (const words of [["image", "list", "--dir=/nowhere"], ["version"], ["help"], ["--help"], ["gc", "--help"]]) {
    assert.equal((await runRkt(words, { unread: true })).status, 0, words.join(" "));
  }
});

test("any other command goes on to its end, and to its own status", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rkt-unread-"));
  const files = ["a", "b"].map((name) => join(directory, `${name}.pod`));
  for (const file of files) writeFileSync(file, "[Pod]\nNet=host\n[App main]\nImage=/nowhere.aci\n");
  const { status, stdout } = await runRkt(["pod", "verify", ...files], { unread: true });
  assert.deepEqual([status, stdout], [0, "a: ok\nb: ok\n"]);
  const missing = await runRkt(["pod", "verify", files[0] ?? "", join(directory, "c.pod"), files[1] ?? ""], { unread: true });
  assert.deepEqual([missing.status, missing.stdout], [254, stdout]);
  rmSync(directory, { recursive: true });
});

test("an error's exit status does not depend on whether somebody reads the error", async () => {
  assert.equal((await runRkt(["nothing"], { unread: true })).status, 2);
  assert.equal((await runRkt([], { unread: true })).status, 2);
  assert.equal((await runRkt(["image", "cat-manifest", "--dir=/nowhere", "none"], { unread: true })).status, 254);
});

const sample: CommandDeclaration = {
  name: "sample",
  summary: "",
  description: [],
  examples: [],
  root: false,
  arguments: [{ name: "ITEM", optional: true, variadic: true }],
  options: [
    { name: "no-legend", kind: "flag", description: "" },
    { name: "pretty-print", kind: "flag", fallback: "true", description: "" },
    { name: "follow", short: "f", kind: "flag", description: "" },
    { name: "lines", short: "n", kind: "text", description: "" },
    { name: "fields", kind: "list", fallback: "a,b", description: "" },
    { name: "mount", kind: "values", description: "" },
    { name: "wait", kind: "optional", description: "" },
  ],
};

function parse(words: string, stopAtArgument = false) {
  const { args, given } = parseWords("sample", { ...sample, stopAtArgument }, words.split(" "));
  return { args, options: readOptions([...(sample.options ?? []), ...globalOptions, helpOption], given) };
}

test("flags take a value only behind an equals sign", () => {
  const { args, options } = parse("--no-legend x --pretty-print=false y --follow=T --wait 3");
  assert.deepEqual(args, ["x", "y", "3"]);
  assert.deepEqual(
    [options.flag("no-legend"), options.flag("pretty-print"), options.flag("follow"), options.text("wait")],
    [true, false, true, "true"],
  );
});

test("values follow as the next word or behind an equals sign, whatever they look like", () => {
  const { args, options } = parse("-fn 5 --lines --follow x --fields=c,d --fields e --mount a=b,c --wait=5s");
  assert.deepEqual(args, ["x"]);
  assert.equal(options.text("lines"), "--follow");
  assert.equal(options.flag("follow"), true);
  assert.deepEqual(options.list("fields"), ["c", "d", "e"]);
  assert.deepEqual(options.list("mount"), ["a=b,c"]);
  assert.equal(options.text("wait"), "5s");
});

test("what is not given has its declared fallback", () => {
  const { options } = parse("x");
  assert.equal(options.flag("pretty-print"), true);
  assert.deepEqual(options.list("fields"), ["a", "b"]);
  assert.deepEqual([options.text("lines"), options.given("lines"), options.list("mount")], [undefined, false, []]);
  assert.throws(() => options.flag("no-such"), /No option "no-such" is declared/);
});

test("a command line ends at -- and, where it says so, at the first argument", () => {
  assert.deepEqual(parse("--follow -- --no-legend -x").args, ["--no-legend", "-x"]);
  assert.deepEqual(parse("--lines 3 ls --follow -l -- x", true).args, ["ls", "--follow", "-l", "--", "x"]);
  assert.deepEqual(parse("ls --debug", true).args, ["ls", "--debug"]);
});

test("--insecure-options resolves groups and refuses words it does not know", () => {
  assert.deepEqual([...parseInsecureOptions(["none", "ondisk"])], []);
  assert.deepEqual([...parseInsecureOptions(["all-run", "image"])], ["capabilities", "paths", "seccomp", "image"]);
  assert.equal(parseInsecureOptions(["all"]).size, 7);
  for (const word of ["", "toString", "Image"]) assert.throws(() => parseInsecureOptions([word]), /there is no such option/);
});

test("a plan is one line that sh and bash read back word by word", () => {
  const words = ["printf", "%s\\0", "", "a b", "it's", "x\ny\n", '$(id) `id` \\ "', "*", "ä"];
  for (const shell of ["sh", "bash"]) {
    const line = quoteForShell(words);
    assert.ok(!line.includes("\n"));
    const output = execFileSync(shell, ["-c", 'read -r plan; eval "exec $plan"'], { input: `${line}\n` });
    assert.deepEqual(output.toString().split("\0").slice(0, -1), words.slice(2));
  }
});
